"""``make lint``: ruff, pylint-odoo and the rules of this project that no tool knows."""
import ast
import re
import subprocess
import sys

from .stack import Problem, Settings, venvs
from .stack.processes import base_environment
from .stack.settings import CHECKOUT

LONGEST = 400       # lines of a source file
SOURCES = ('.py', '.xml', '.js', '.scss', '.sh')
SERIES_FILE = 'addons/saas_master/series.py'
LOADED_BY_ODOO = 'node_scripts'     # drivers send these to the node, where Odoo's shell runs them


def main():
    try:
        results = list(checks())
    except Problem as problem:
        print(f'\n{problem}', file=sys.stderr)
        return 1
    for name, complaint in results:
        print(f'{"FAILED" if complaint else "ok":7} {name}')
        if complaint:
            print(complaint)
    return 1 if any(complaint for _name, complaint in results) else 0


def checks():
    """(name, complaint or '') of each."""
    python = venvs.ensure(Settings.from_environment(), 'dev')
    yield 'ruff', _tool(python, 'ruff', 'check', '--quiet', '--output-format=concise', '--no-cache', '.')
    addons = sorted(str(path.parent) for path in (CHECKOUT / 'addons').glob('saas_*/__manifest__.py'))
    # There is one README, the project's; and large models are split over files by what they are about.
    unwanted = '--disable=missing-readme,consider-merging-classes-inherited'
    yield 'pylint-odoo', _tool(python, 'pylint', '--rcfile=pyproject.toml', unwanted, *addons)
    yield 'drivers do not import odoo', _lines(_imports_of_odoo())
    yield f'no source file is longer than {LONGEST} lines', _lines(_long_files())
    yield 'only series.py compares Odoo versions', _lines(_version_checks())


def _tool(python, module, *arguments):
    done = subprocess.run([python, '-m', module, *arguments], cwd=CHECKOUT, env=base_environment(),
                          capture_output=True, text=True)
    return (done.stdout + done.stderr).strip() if done.returncode else ''


def _lines(found):
    return '\n'.join(found)


def tracked(*suffixes):
    """Files that are or could become part of the repository; without git, all but those in hidden folders."""
    try:
        names = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=CHECKOUT,
                               capture_output=True, text=True, check=True).stdout.split('\0')
    except (OSError, subprocess.CalledProcessError):
        names = (str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob('[!.]*/**/*'))
    return sorted({CHECKOUT / name for name in names if name.endswith(suffixes) and (CHECKOUT / name).is_file()})


def _imports_of_odoo():
    for path in tracked('.py'):
        folders = path.relative_to(CHECKOUT).parts
        if folders[0] == 'addons' and {'drivers', 'edge'} & set(folders[2:3]) and LOADED_BY_ODOO not in folders:
            yield from (f'{path.relative_to(CHECKOUT)}:{line}: imports odoo' for line in _imports(path, 'odoo'))


def _imports(path, package):
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
            [node.module or ''] if isinstance(node, ast.ImportFrom) and not node.level else []
        if any(name.split('.')[0] == package for name in names):
            yield node.lineno


def _long_files():
    for path in tracked(*SOURCES):
        count = len(path.read_text().splitlines())
        if count > LONGEST:
            yield f'{path.relative_to(CHECKOUT)}: {count} lines'


def _version_checks():
    words = re.compile(r'\b(version_info(\[.*?\])?|release\.\w+)\s*(==|!=|<|>|\bin\b)')
    for path in tracked('.py'):
        name = path.relative_to(CHECKOUT)
        if name.parts[0] != 'addons' or str(name) == SERIES_FILE or 'tests' in name.parts:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if words.search(line):
                yield f'{name}:{number}: {line.strip()}'


if __name__ == '__main__':
    sys.exit(main())
