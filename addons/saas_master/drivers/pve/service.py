"""What support may do in a container: fixed acts with a time limit, answered in words, with secrets masked.

Never a command of the caller's own.
"""
import re
from dataclasses import dataclass

from ..container_scripts import service
from ..errors import Permanent
from ..inside import call

LIST_SECONDS = 30
LOOK_SECONDS = 60
RESTART_SECONDS = service.RESTART_SECONDS + service.READY_SECONDS + 10
MOST_LINES = 1000
MASK = '***'

SECRETS = (
    # name and value, as in addresses, configuration, JSON and Python's way to show a dictionary
    (re.compile(r'''(?ix) ( (?: passw(?:or)?d | passphrase | pwd | secret | token | (?: api|access|private ) _?key
                              | session_?id | credential | signature ) [\w.-]{0,40} ['"]? \s? [=:] \s? ['"]? )
                        ( [^\s'"&,;)}\]]+ )'''), rf'\1{MASK}'),
    (re.compile(r'(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)(\s?[=:]\s?).*'), rf'\1\2{MASK}'),
    (re.compile(r'(?i)\b(bearer|basic)\s+[\w.+/=~-]{8,}'), rf'\1 {MASK}'),
    (re.compile(r'(://[^\s/:@]{0,100}):[^\s/@]{1,200}@'), rf'\1:{MASK}@'),
    (re.compile(r'\beyJ[\w-]+\.[\w-]+\.[\w-]*'), MASK),                     # a JSON web token
    (re.compile(r'\$pbkdf2-[\w-]+\$\S+'), MASK),
    (re.compile(r'\b[0-9a-fA-F]{32,}\b'), MASK),
    (re.compile(r'(?<![\w/+.-])(?=[\w+-]*\d)(?=[\w+-]*[A-Z])(?=[\w+-]*[a-z])[\w+-]{40,}={0,2}'), MASK),
)


@dataclass(frozen=True)
class Listed:
    """A container as ``pct list`` shows it. ``lock``: what holds it, '' for nothing."""

    vmid: int
    state: str
    lock: str
    name: str


def containers(node):
    """What the node itself lists, as a table; not only ours.

    :param node: transport of the node, not of a container
    """
    rows = [(str(one.vmid), one.state, one.lock or '-', one.name) for one in listed(node)]
    return _table((('VMID', 'State', 'Lock', 'Name'), *rows)) if rows else ''


def listed(node):
    """``[Listed]`` of the node, by number."""
    result = node.run(('pct', 'list'), LIST_SECONDS).check('Listing the containers of the node')
    return sorted((_listed(line) for line in result.stdout.splitlines()[1:] if line.strip()), key=lambda one: one.vmid)


def status(transport):
    """How Odoo and PostgreSQL of the container do, in words."""
    found = call(transport, service.status, timeout=LOOK_SECONDS)
    units = [_unit(unit) for unit in found['units'] if unit.get('LoadState') != 'not-found']
    if not any(row[0] == service.ODOO for row in units):
        units.append((service.ODOO, 'not installed', '', '', ''))
    (memory, memory_all), (disk, disk_all) = found['memory'], found['disk']
    return '\n'.join((
        _table((('Service', 'State', 'Since', 'Memory', 'Restarts'), *units)), '',
        f'System: {found["system"] or "unknown"}, up for {_duration(found["up"])}, load {found["load"]:.2f}',
        f'Memory: {memory} of {memory_all} MiB used', f'Disk: {disk} of {disk_all} MiB used'))


def restart_odoo(transport):
    """Restart the service Odoo, not the container; and how it does then."""
    seconds = call(transport, service.restart, timeout=RESTART_SECONDS)
    answer = f'Odoo takes connections again after {seconds:.1f} s.' if seconds is not None else (
        f'Odoo was restarted and takes no connections after {service.READY_SECONDS} s: look into its log.')
    return f'{answer}\n\n{status(transport)}'


def log_tail(transport, count):
    """The last ``count`` (1 to MOST_LINES) lines of Odoo's log, secrets masked."""
    if not isinstance(count, int) or not 1 <= count <= MOST_LINES:
        raise Permanent(f'Between 1 and {MOST_LINES} lines of a log can be shown.')
    return '\n'.join(mask(line) for line in call(transport, service.log_tail, count, timeout=LOOK_SECONDS))


def mask(line):
    """``line`` without what may be a secret: better one word too many than one too few."""
    for pattern, shown in SECRETS:
        line = pattern.sub(shown, line)
    return ''.join(char if char.isprintable() else ' ' for char in line)


def _listed(line):
    """Locks have no blanks and names neither: three words are a container without a lock."""
    words = line.split()
    if len(words) not in (3, 4) or not words[0].isdigit():
        raise Permanent(f'pct list answers what is no container: {line[:100]!r}')
    return Listed(int(words[0]), words[1], words[2] if len(words) == 4 else '', words[-1])


def _unit(unit):
    memory = unit.get('MemoryCurrent', '')
    state = f'{unit.get("ActiveState", "unknown")} ({unit.get("SubState", "")})'
    if unit.get('Result', 'success') != 'success':
        state += f', {unit["Result"]}'
    # without accounting systemd says "[not set]" or the largest number there is
    used = f'{int(memory) // service.MIB} MiB' if memory.isdigit() and int(memory) < 2 ** 63 else 'unknown'
    return unit.get('Id', ''), state, unit.get('ActiveEnterTimestamp') or '-', used, unit.get('NRestarts') or '0'


def _duration(seconds):
    minutes = int(seconds // 60)
    if minutes >= 24 * 60:
        return f'{minutes // (24 * 60)} d {minutes // 60 % 24} h'
    return f'{minutes // 60} h {minutes % 60} min'


def _table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return '\n'.join('  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)
