"""Copies of the master's database that a measurement fills as it likes, dropped at its end."""
import contextlib
import shutil

from ..stack import postgres
from ..stack.master_database import NAME

COPIES = {100: 'saas_master_bench_100', 10_000: 'saas_master_bench_10000'}
OF_DOMAINS = {200: 'saas_master_bench_domains_200', 20_000: 'saas_master_bench_domains_20000'}


@contextlib.contextmanager
def copies(stack, wanted=COPIES):
    """``{records: database}``. The master's servers stand still meanwhile: whoever is measured has the machine alone."""
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
