"""``make lock``: pin the libraries anew, for every Python and machine at once."""
import subprocess
import sys
import tempfile
from pathlib import Path

from .processes import run
from .report import doing
from .venvs import LOCKS


def main():
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / 'bin/python'
        run([sys.executable, '-m', 'venv', folder], 'Making a Python environment')
        run([python, '-m', 'pip', 'install', '--quiet', 'uv'], 'Installing uv')
        for source in sorted(LOCKS.glob('*.in')):
            with doing(source.name):
                subprocess.run([
                    Path(folder) / 'bin/uv', 'pip', 'compile', '--quiet', '--universal', '--python-version', '3.10',
                    '--generate-hashes', '--only-binary', ':all:', '--no-annotate', '--no-emit-index-url',
                    '--override', 'overrides.txt', '--custom-compile-command', 'make lock',
                    '-o', source.with_suffix('.txt').name, source.name], cwd=LOCKS, check=True)


if __name__ == '__main__':
    main()
