"""``python3 -m tests.stack <command>``: what the Makefile calls."""
import argparse
import sys
import time
import urllib.request

from . import mailbox, odoo_sources, packaged, postgres, processes
from .report import Problem, say
from .settings import Settings
from .stack import Stack


def main(argv=None):
    options = _parser().parse_args(argv)
    try:
        return options.run(options) or 0
    except Problem as problem:
        print(f'\n{problem}', file=sys.stderr)
    except KeyboardInterrupt:
        print('\nInterrupted; repeat the command to go on, or `make down` to stop what runs.', file=sys.stderr)
    except OSError as error:        # such as a full disk or a folder that may not be written
        print(f'\nThe system refuses: {error}. Mend that and repeat.', file=sys.stderr)
    return 1


def _parser():
    parser = argparse.ArgumentParser(prog='python3 -m tests.stack', description=__doc__)
    commands = parser.add_subparsers(required=True, metavar='command')
    for name, run, words in (
        ('up', up, 'bring everything up that does not run yet'),
        ('down', down, 'stop everything'),
        ('status', status, 'what runs, and where'),
        ('logs', logs, 'the end of every log, or follow one: logs [-f] [name]'),
        ('mail', mail, 'what the stack has mailed'),
        ('clean', clean, 'stop everything and remove its databases, files and secrets'),
        ('python', python, "path of the Python with Odoo's libraries"),
        ('odoo', odoo, 'every Odoo series that can be had here'),
        ('chromium', chromium, 'path of a Chromium for browser tests'),
        ('sshd', sshd, 'path of an OpenSSH server for tests of the SSH transport'),
    ):
        command = commands.add_parser(name, help=words)
        command.set_defaults(run=run)
        if name == 'logs':
            command.add_argument('name', nargs='?')
            command.add_argument('-f', '--follow', action='store_true')
    return parser


def up(options):
    stack = Stack().up()
    say('up')
    print(f'\n  master   {stack.url}   (staff: {stack.url}/web, login admin, password: ADMIN_PASSWORD in '
          f'{stack.state}/secrets.env)\n  tenants  {stack.tenant_address("<name>")}\n  mail     make mail\n')


def down(options):
    stopped = Stack().down()
    print(f'Stopped {", ".join(stopped)}.' if stopped else 'Nothing was running.')


def clean(options):
    stack = Stack()
    stack.clean()
    print(f'{stack.state} is gone; downloads shared with other checkouts stay in {stack.settings.cache}.')


def status(options):
    """0 if everything runs."""
    stack = Stack()
    services = [service for service in stack.services() if service.name != 'postgres' or not postgres.named()]
    for service in services:
        pid = service.pid()
        state = f'running, process {pid}, {processes.resident(pid)} MiB' if pid else \
            'ended by itself' if service.crashed() else 'stopped'
        print(f'{service.name:10} {state}')
        if service.crashed():
            print(f'{service.tail(6)[1:]}\n    see {service.log}')
    pids = [service.pid() for service in services if service.pid()]
    print(f'{"memory":10} {sum(map(processes.resident_tree, pids))} MiB resident')
    print(f'{"address":10} {stack.url} {"answers" if _answers(stack.url) else "does not answer"}')
    return 0 if len(pids) == len(services) else 1


def _answers(url):
    try:
        with urllib.request.urlopen(f'{url}/web/health', timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def logs(options):
    folder = Settings.from_environment().state / 'log'
    files = sorted(folder.glob(f'{options.name or "*"}.log'))
    if not files:
        raise Problem(f'There is no log {options.name or ""} in {folder}: names are '
                      f'{", ".join(file.stem for file in folder.glob("*.log")) or "known after `make up`"}.')
    for file in files:
        lines = file.read_text(errors='replace').splitlines()[-40:]
        print(f'=== {file}', *lines, sep='\n')
    if options.follow:
        _follow(files)


def _follow(files):
    open_files = [file.open(errors='replace') for file in files]
    for file in open_files:
        file.seek(0, 2)
    while True:
        for file in open_files:
            print(file.read(), end='', flush=True)
        time.sleep(0.3)


def mail(options):
    print(*mailbox.show(Settings.from_environment().state), sep='\n')


def python(options):
    print(Stack().python)


def odoo(options):
    for series, found in odoo_sources.present(Settings.from_environment()).items():
        print(f'{series}: {found if isinstance(found, Problem) else found.script}')


def chromium(options):
    print(packaged.find(Settings.from_environment(), packaged.CHROMIUM))


def sshd(options):
    print(packaged.sshd(Settings.from_environment()))

