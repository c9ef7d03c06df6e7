"""``pct`` of a sandbox's node: ``python pct.py --sandbox FOLDER exec 101 -- true``. Standard library only;
its commands, words and exit codes are those of Proxmox VE, as far as the control plane and its tests use them.

FOLDER is the sandbox's state: ``pve/lxc/*.conf`` and the runtime's own files.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

LOCKED = 255
MISSING = 2


class Pct:
    def __init__(self, sandbox):
        self.sandbox, self.folder = sandbox, sandbox / 'lxc'
        network = self.folder / 'network.json'      # not there without a runtime
        self.network = json.loads(network.read_text()) if network.exists() else {}
        self.pages = sandbox / 'pages'          # where they are stood in for

    # -- what it can be told ------------------------------------------------------------------------------------------
    def do_list(self):
        print('VMID       Status     Lock         Name                ')
        for file in sorted((self.sandbox / 'pve/lxc').glob('*.conf'), key=lambda file: int(file.stem)):
            config = self._config(file.stem)
            print(f'{file.stem:<10} {self._status(file.stem):<10} {config.get("lock", ""):<12} {config.get("hostname", ""):<20}')

    def do_status(self, vmid):
        self._config(vmid)
        print(f'status: {self._status(vmid)}')

    def do_config(self, vmid):
        config = self._config(vmid)
        for key, value in sorted(config.items()):
            print(f'{key}: {value}')

    def do_exec(self, vmid, *words):
        words = words[1:] if words[:1] == ('--',) else words
        self._need_running(vmid)
        if self.pages.exists():
            return self._stand_in(vmid, words)
        if not words:
            fail('no command specified')
        os.execvp('nsenter', self._attach(vmid, *words))

    def do_push(self, vmid, source, target, *options):
        self._need_running(vmid)
        mode, owner = self._file_options(options)
        script = 'cat > "$1" && chmod "$2" "$1" && { [ -z "$3" ] || chown "$3" "$1"; }'
        with open(source, 'rb') as file:
            return subprocess.run(self._attach(vmid, 'sh', '-c', script, 'sh', target, mode, owner), stdin=file).returncode

    def do_pull(self, vmid, source, target, *options):
        self._need_running(vmid)
        with open(target, 'wb') as file:
            return subprocess.run(self._attach(vmid, 'cat', '--', source), stdin=subprocess.DEVNULL, stdout=file).returncode

    def _stand_in(self, vmid, words):
        """Nothing is run here: answered as the shell would that ``drivers/pct.py`` has around its commands."""
        sys.path.insert(0, str(Path(__file__).parent))
        import stand_in
        word, _seconds, program = words[words.index('saas') + 1:][:3]
        if program == 'python3':
            print(stand_in.call(self.pages, vmid, json.load(sys.stdin)))
        print(f'{word}:{0 if program == "python3" else 127}:{word}', file=sys.stderr)
        return 0

    # -- how ----------------------------------------------------------------------------------------------------------
    def _attach(self, vmid, *words):
        return ['nsenter', f'--net={self.network["namespace"]}', '--', 'lxc-attach', '-P', str(self.folder), '-n',
                f'{self.network["name"]}-{vmid}', '--clear-env', '--', *words]

    def _config(self, vmid):
        try:
            text = (self.sandbox / f'pve/lxc/{vmid}.conf').read_text()
        except OSError:
            fail(f"Configuration file 'nodes/{os.uname().nodename}/lxc/{vmid}.conf' does not exist", MISSING)
        notes = ''.join(line[1:] + '%0A' for line in text.splitlines() if line.startswith('#'))
        config = dict(line.split(': ', 1) for line in text.splitlines() if re.match('[a-z0-9]+: ', line))
        return {**({'description': notes} if notes else {}), **config}

    def _status(self, vmid):
        if not self.network:
            kept = json.loads((self.sandbox / 'cluster.json').read_text())['containers']
            return next(row['status'] for row in kept if row['vmid'] == int(vmid))
        group = f'lxc.payload.{self.network["name"]}-{vmid}'
        places = (f'/sys/fs/cgroup/pids/{group}', f'/sys/fs/cgroup/unified/{group}', f'/sys/fs/cgroup/{group}')
        return 'running' if any(map(os.path.isdir, places)) else 'stopped'

    def _need_running(self, vmid):
        self._config(vmid)
        if self._status(vmid) != 'running':
            fail(f"container '{vmid}' not running!")
        if not self.network and not self.pages.exists():
            fail(f'container {vmid} is only a number: this sandbox has no real containers')

    @staticmethod
    def _file_options(words):
        options = dict(zip((word.lstrip('-') for word in words[::2]), words[1::2], strict=True))
        owner = ':'.join(filter(None, (options.get('user', ''), options.get('group', ''))))
        return options.get('perms', '0644'), owner


def fail(words, code=LOCKED):
    print(words, file=sys.stderr)
    sys.exit(code)


def main(argv):
    if len(argv) < 3 or argv[0] != '--sandbox':
        fail('usage: --sandbox FOLDER <command> …')
    act = getattr(Pct(Path(argv[1])), f'do_{argv[2]}', None)
    if act is None:
        fail(f"ERROR: unknown command 'pct {argv[2]}'")
    try:
        return act(*argv[3:]) or 0
    except TypeError as error:
        fail(f'400 not enough arguments: {error}')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
