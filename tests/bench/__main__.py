"""``make bench``: bring the stack up, then measure it (``measure``) with the stack's own Python."""
import sys

from ..launch import run_on_stack

if __name__ == '__main__':
    sys.exit(run_on_stack('tests.bench.measure', *sys.argv[1:]))
