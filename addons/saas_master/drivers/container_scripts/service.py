"""How the services of a container do, their log, the restart of its Odoo. Fixed commands; answers are plain values."""
import glob
import json
import os
import shutil
import socket
import subprocess
import time

from ..errors import Permanent, Retryable

ODOO = 'odoo.service'
UNITS = (ODOO, 'postgresql@*.service')      # postgresql.service itself only stands for those
PROPERTIES = ('Id', 'LoadState', 'ActiveState', 'SubState', 'ActiveEnterTimestamp', 'MemoryCurrent', 'NRestarts',
              'Result')
LOGS = '/var/log/odoo/*.log'
PORT = 8069
SECONDS = 20                # for what only looks
RESTART_SECONDS = 100       # systemd kills what does not stop within 90
READY_SECONDS = 30          # until Odoo takes connections again
LONGEST_LINE = 2000         # characters; Odoo logs whole requests now and then
MOST = 800_000              # characters of an answer, which the transport would cut otherwise
MIB = 1024 ** 2


def status():
    """``{'units': [properties], 'system': state, 'load': of a minute, 'up': seconds, 'memory' and 'disk': (used, all)}``,
    sizes in MiB."""
    shown = _run('systemctl', 'show', '--no-pager', f'--property={",".join(PROPERTIES)}', *UNITS)
    system = _run('systemctl', 'is-system-running', check=False).strip()
    disk = shutil.disk_usage('/')
    with open('/proc/uptime') as file:
        up = float(file.read().split()[0])
    return {'units': _properties(shown), 'system': system, 'memory': _memory(), 'load': os.getloadavg()[0], 'up': up,
            'disk': (disk.used // MIB, disk.total // MIB)}


def restart():
    """Seconds until Odoo took connections again, None if it did not in time."""
    _run('systemctl', 'restart', ODOO, seconds=RESTART_SECONDS)
    started = time.monotonic()
    while time.monotonic() - started < READY_SECONDS:
        with socket.socket() as client:
            client.settimeout(1)
            if client.connect_ex(('127.0.0.1', PORT)) == 0:
                return round(time.monotonic() - started, 1)
        time.sleep(0.1)
    return None


def log_tail(count, pattern=LOGS):
    """The last ``count`` lines: of the newest log file if Odoo writes one, else of what systemd keeps."""
    files = [path for path in glob.glob(pattern) if os.path.isfile(path) and os.path.getsize(path)]
    if files:
        return _fitting(_last(max(files, key=os.path.getmtime), count))
    text = _run('journalctl', '--unit', ODOO, '--lines', str(count), '--no-pager', '--quiet', '--output', 'short-iso')
    return _fitting(text.splitlines()[-count:])


def _fitting(lines):
    """The last ones, shortened, as many as the answer has room for."""
    kept, room = [], MOST
    for line in reversed(lines):
        room -= len(json.dumps(line[:LONGEST_LINE]))
        if room < 0:
            break
        kept.append(line[:LONGEST_LINE])
    return kept[::-1]


def _last(path, count):
    with open(path, 'rb') as file:
        file.seek(max(os.path.getsize(path) - count * LONGEST_LINE, 0))
        return file.read(count * LONGEST_LINE).decode('utf-8', 'replace').splitlines()[-count:]


def _properties(text):
    blocks = (block.splitlines() for block in text.strip().split('\n\n'))
    return [dict(line.split('=', 1) for line in block if '=' in line) for block in blocks if block]


def _memory():
    with open('/proc/meminfo') as file:
        values = {line.split(':')[0]: int(line.split()[1]) // 1024 for line in file}
    return values['MemTotal'] - values['MemAvailable'], values['MemTotal']


def _run(*command, seconds=SECONDS, check=True):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
                              env={**os.environ, 'LC_ALL': 'C.UTF-8', 'SYSTEMD_COLORS': '0'})
    except subprocess.TimeoutExpired:
        raise Retryable(f'{command[0]} {command[1]} took longer than {seconds} s') from None
    except FileNotFoundError:
        raise Permanent(f'there is no {command[0]}: the container was not made by our recipe') from None
    if check and done.returncode:
        words = done.stderr.decode('utf-8', 'replace').strip()[-500:]
        raise Permanent(f'{command[0]} {command[1]} failed with exit code {done.returncode}: {words}')
    return done.stdout.decode('utf-8', 'replace')
