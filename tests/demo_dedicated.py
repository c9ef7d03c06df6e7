"""``make demo-dedicated``: the stack and its Proxmox VE up, then the story of a dedicated tenant (``dedicated_job``).

``--without-containers``: with pages in place of real containers, as on a machine that cannot have any.
"""
import argparse
import subprocess
import sys

from .stack import Problem, Stack
from .stack.seed_dedicated import seed_dedicated
from .stack.settings import CHECKOUT


def main():
    parser = argparse.ArgumentParser(prog='python3 -m tests.demo_dedicated', description=__doc__)
    parser.add_argument('--without-containers', action='store_const', const='pages', dest='runtime')
    options = parser.parse_args()
    try:
        stack = Stack().up()
        stack.start_pve(options.runtime)
        seed_dedicated(stack)
    except Problem as problem:
        print(f'\n{problem}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; repeat the command to go on, or `make down` to stop what runs.', file=sys.stderr)
        return 1
    return subprocess.run([str(stack.python), '-m', 'tests.dedicated_job'], cwd=CHECKOUT).returncode


if __name__ == '__main__':
    sys.exit(main())
