"""Run a module that needs Odoo's libraries and a stack that is up; by itself only the standard library is needed."""
import subprocess
import sys

from .stack import Problem, Stack
from .stack.settings import CHECKOUT


def run_on_stack(module, *arguments):
    """Bring the stack up and run ``module`` in its environment; return the exit code."""
    try:
        python = Stack().up().python
    except Problem as problem:
        print(f'\n{problem}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; repeat the command to go on, or `make down` to stop what runs.', file=sys.stderr)
        return 1
    return subprocess.run([str(python), '-m', module, *arguments], cwd=CHECKOUT).returncode
