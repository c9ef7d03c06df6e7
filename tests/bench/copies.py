"""Copies of the master's database that a measurement fills as it likes, dropped at its end."""
import contextlib
import shutil

from ..stack import postgres
from ..stack.master_database import NAME


@contextlib.contextmanager
def copies(stack, few, many):
    """``{records: database}``: one to be filled with ``few`` records, one with ``many``.

    The master's servers stand still meanwhile: whoever is measured has the machine alone.
    """
    wanted = dict(zip((few, many), postgres.BENCH_DATABASES, strict=True))
    data = stack.state / 'bench-data'
    stack.stop_master()
    try:
        for name in wanted.values():
            postgres.drop_database(stack.server, stack.python, name)
            postgres.create_database(stack.server, stack.python, name, template=NAME)
        shutil.rmtree(data, ignore_errors=True)
        for name in wanted.values():
            shutil.copytree(stack.state / f'master-data/filestore/{NAME}', data / f'filestore/{name}')
        yield wanted
    finally:
        for name in wanted.values():
            postgres.drop_database(stack.server, stack.python, name)
        shutil.rmtree(data, ignore_errors=True)
        stack.up()
