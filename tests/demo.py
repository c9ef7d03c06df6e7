"""``make demo``: bring the stack up, then do the main job on it (``main_job``), with the stack's own Python."""
import sys

from .launch import run_on_stack

if __name__ == '__main__':
    sys.exit(run_on_stack('tests.main_job'))
