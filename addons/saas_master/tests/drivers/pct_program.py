"""``pct`` for tests, a program: containers are files ``<vmid>.conf`` and ``<vmid>.status`` in the folder SAAS_TEST_PCT.

A container shares this machine's files, so that a test can look at them; as root it has mounts and a host name of its
own. As with the real one, a command goes on when ``pct`` is killed, and the environment of the node comes along.
Programs that only this container has are in the folder ``<vmid>.bin``.
"""
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ.get('SAAS_TEST_PCT') or Path(__file__).parent)
ENTER = 'echo "$0" > /proc/sys/kernel/hostname; exec "$@"'


def fail(words, code=255):
    print(words, file=sys.stderr)
    sys.exit(code)


def config(vmid):
    """Its lines by name."""
    try:
        text = (FOLDER / f'{vmid}.conf').read_text()
    except FileNotFoundError:
        fail(f"Configuration file 'nodes/test/lxc/{vmid}.conf' does not exist", 2)
    return dict(line.split(': ', 1) for line in text.splitlines() if ': ' in line)


def status(vmid):
    config(vmid)
    return (FOLDER / f'{vmid}.status').read_text().strip()


def execute(vmid, *words):
    if status(vmid) != 'running':
        fail(f"container '{vmid}' not running!")
    assert words[0] == '--', words
    words = [word.replace('PATH=/', f'PATH={FOLDER}/{vmid}.bin:/', 1) if word.startswith('PATH=/') else word
             for word in words]
    enter = () if os.geteuid() else ('unshare', '-m', '-u', 'sh', '-c', ENTER, config(vmid)['hostname'])
    with (FOLDER / 'calls').open('a') as calls:
        calls.write(f'{vmid} {list(words[1:])}\n')
    child = subprocess.run([*enter, *words[1:]], start_new_session=True, check=False)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def show(vmid):
    config(vmid)
    print((FOLDER / f'{vmid}.conf').read_text(), end='')


def listing():
    print('VMID       Status     Lock         Name                ')
    for path in sorted(FOLDER.glob('*.conf')):
        found = config(path.stem)
        print(f'{path.stem:<10} {status(path.stem):<10} {found.get("lock", ""):<12} {found["hostname"]:<20}')


def main(verb='', *words):
    if verb == 'list':
        listing()
    elif verb == 'config':
        show(*words)
    elif verb == 'status':
        print(f'status: {status(*words)}')
    elif verb == 'exec':
        return execute(*words)
    elif verb in ('push', 'pull'):
        print(verb, *words)
    else:
        fail(f'unknown command {verb!r}')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
