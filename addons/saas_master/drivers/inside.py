"""Run a function of ours inside a container: its sources go in with its arguments, its answer comes back as JSON.

What is run is the code of this very version, whatever the container was built with. All of it travels by standard
input: nothing is stored in the container, and no secret is on a command line where its users could read it.
Needs there: python3 (3.10), and python3-psycopg2 for what looks into the database.
"""
import ast
import json
from functools import cache
from pathlib import Path

from . import errors
from .errors import DriverError, Permanent, Retryable, Unreachable
from .transport import NOT_FOUND

ROOT = Path(__file__).parent
PACKAGE = __name__.rpartition('.')[0]       # of the drivers, here
NAME = 'saas_drivers'                       # of the drivers, there
ANSWER = 'saas:'
TIMEOUT = 60


def call(transport, function, *arguments, user='', timeout=TIMEOUT, python='python3'):
    """What ``function(*arguments)`` answers in the container.

    :param transport: into the container, as its root
    :param function: of a module of the drivers at its top level; it and what it imports at the top go along
    :param arguments: what JSON can hold, as is the answer
    :param user: whose rights it has there, '' for the transport's own
    :param timeout: seconds for all of it
    :param python: the interpreter there
    :raises DriverError: as the function raised it there; Permanent for what only a change of the container can mend
    """
    module = function.__module__.removeprefix(f'{PACKAGE}.')
    request = {'user': user, 'sources': _sources(module), 'module': f'{NAME}.{module}', 'function': function.__name__,
               'arguments': arguments}
    result = transport.run([python, '-I', '-c', _loader()], timeout, json.dumps(request).encode())
    return _read(result, function.__name__)


@cache
def _loader():
    return (ROOT / 'container_scripts/loader.py').read_text()


def _read(result, what):
    if result.exit_code == NOT_FOUND:
        raise Permanent('The container has no python3: build its template again, with python3 and python3-psycopg2.',
                        'inside_python')
    line = next((line for line in reversed(result.stdout.splitlines()) if line.startswith(ANSWER)), None)
    try:
        answer = json.loads(line.removeprefix(ANSWER))
        if 'value' in answer:
            return answer['value']
        error = answer['error']
        kind, message = error['kind'], str(error['message'])[:2000]
    except (AttributeError, ValueError, KeyError, TypeError):
        result.check(f'{what} inside the container')
        raise Permanent(f'{what} inside the container gave no answer.', 'inside_answer') from None
    raise _error(kind, message, error, what)


def _error(kind, message, error, what):
    """The error as it was raised there; the container cannot make up a kind, nor speak for its node."""
    found, problem = getattr(errors, str(kind), None), str(error.get('problem') or '')
    if not (isinstance(found, type) and issubclass(found, DriverError)):
        return Permanent(f'{what} failed inside the container: {message}', 'inside_failed')
    if issubclass(found, Unreachable):
        return Retryable(f'Inside the container: {message}', after=1, problem=problem)
    if issubclass(found, Retryable):
        after = error.get('after')
        return found(message, after=after if isinstance(after, (int, float)) else None, problem=problem)
    return found(f'Inside the container: {message}', problem=problem)


# -- what goes along -----------------------------------------------------------------------------

@cache
def _sources(module):
    """``{name there: source}`` of a module of the drivers, of what it imports of them, and of their packages."""
    found, waiting = {}, [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _path(name)
        found[name] = path.read_text()
        waiting += _imported(name, path, found[name])
    return {NAME: '', **{f'{NAME}.{name}': source for name, source in found.items()}}


def _path(name):
    plain = ROOT.joinpath(*name.split('.'))
    return plain / '__init__.py' if plain.is_dir() else plain.with_suffix('.py')


def _imported(name, path, source):
    """Modules of the drivers that ``name`` imports when it is loaded, with their packages."""
    package = name.split('.') if path.name == '__init__.py' else name.split('.')[:-1]
    yield from ('.'.join(package[:length]) for length in range(1, len(package) + 1))
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[:len(package) + 1 - node.level] + (node.module or '').split('.') * bool(node.module)
            if base:
                yield '.'.join(base)
            members = ('.'.join([*base, alias.name]) for alias in node.names)
            yield from (member for member in members if _path(member).is_file())
