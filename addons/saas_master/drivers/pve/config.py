"""Property strings in the configuration of a container: ``name=eth0,bridge=vmbr0,ip=10.0.0.5/24``; tags; descriptions.

A container is ours by the first line of its description, ``saas:<mark>``, which it has from the first moment; its tags
repeat that for lists, which have no descriptions.
"""
import re
from urllib.parse import unquote

TAG = 'saas'

SIZES = {'': 1 / 2**30, 'K': 1 / 2**20, 'M': 1 / 2**10, 'G': 1, 'T': 2**10}     # in GiB


def properties(text):
    """{name: value}; what has no name, as the volume of a mount point, is left out."""
    return dict(part.split('=', 1) for part in text.split(',') if '=' in part)


def size_gib(text):
    """``8G`` in GiB; None for what is no size."""
    match = re.fullmatch(r'(\d+(?:\.\d+)?)([KMGT]?)', text or '')
    return float(match[1]) * SIZES[match[2]] if match else None


def network(container, bridge, present):
    """``net0``; a card that is there keeps its hardware address."""
    values = {'name': 'eth0', 'bridge': container.bridge or bridge, 'firewall': '1',
              'hwaddr': properties(present).get('hwaddr'), 'ip': f'{container.address}/{container.prefix}',
              'gw': container.gateway, 'tag': container.vlan or None, 'type': 'veth'}
    wanted = {name: str(value) for name, value in values.items() if value}
    known = properties(present)
    if wanted.items() <= known.items() and not (known.keys() - wanted.keys()) & {'tag', 'gw'}:
        return present          # nothing to change: the order of its parts is Proxmox VE's
    return ','.join(f'{name}={value}' for name, value in wanted.items())


def tags(container):
    return f'{TAG};{TAG}-{container.mark}'


def mark_of_tags(text):
    """The mark, '' without our tags."""
    found = [tag.removeprefix(f'{TAG}-') for tag in re.split('[;, ]+', text or '') if tag.startswith(f'{TAG}-')]
    return found[0] if len(found) == 1 and re.fullmatch('[0-9a-f]{32}', found[0]) else ''


def mark_of(config):
    """The mark that a container carries in its description, '' if it is not ours."""
    match = re.match(r'saas:([0-9a-f]{32})\s*(?:\n|$)', (config.get('description') or '').strip())
    return match[1] if match else ''


def mark_of_archive(text):
    """The same in a configuration as its file has it: a description is comments there, with ``%3A`` for a colon."""
    return mark_of({'description': '\n'.join(unquote(line[1:]) for line in text.splitlines() if line.startswith('#'))})


def description(container):
    return f'saas:{container.mark}\n{container.hostname}: made and looked after by the control plane. Leave this text.'


def differs(name, present, wanted):
    """Whether a setting has to be written; tags are a set."""
    if name == 'tags':
        return set(re.split('[;, ]+', str(present))) != set(wanted.split(';'))
    return str(present).strip() != str(wanted).strip()
