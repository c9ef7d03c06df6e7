"""Whatever the OpenAPI document allows, and what it does not: no 500, no answer that it does not announce."""
import pytest

from .fuzzer import Run, document, operations

LOGS_OUT = {'logout', 'refresh'}        # end the session that the fuzzer holds; they are asked by nobody
READ = {'list_tenants', 'read_tenant', 'list_operations', 'read_operation', 'read_odoo', 'me', 'list_domains', 'read_domain',
        'list_webhooks'}
LEAST = 5                               # requests to each operation


@pytest.fixture(scope='session')
def described(world, plan, tenant, company, domain):
    return document(world, plan, tenant, company, domain)


@pytest.fixture
def ask(world, described, tmp_path):
    """Fuzz all operations, or ``only`` some, and return those that were asked.

    What is named in ``through`` must have answered something good as well.
    """
    def fuzz(headers, leave_out=(), only=None, through=()):
        every = set(operations(described).values())
        left_out = (every - set(only) if only else set()) | set(leave_out)
        run = Run(world, tmp_path, described, headers, left_out)
        for name, statuses in sorted(run.answers.items()):
            print(f'{name:24} {dict(sorted(statuses.items()))}')
        assert run.done.returncode == 0, run.output
        asked = {name for name, statuses in run.answers.items() if statuses.total() >= LEAST}
        assert asked == every - left_out, 'every operation was really asked'
        for name in through:
            assert any(status < 300 for status in run.answers[name]), f'{name} never let anything through'
        return asked
    return fuzz


def test_nobody(ask):
    assert ask({}, through={'openapi', 'docs', 'list_plans'}) >= LOGS_OUT


def test_a_customer(ask, customer):
    assert ask(customer.identity, LOGS_OUT, through=READ) >= READ


def test_a_manager(ask, manager):
    work = READ | {'read_settings', 'change_settings', 'create_tenant', 'change_tenant', 'add_domain', 'read_tunnel',
                   'preview_ingress', 'read_zone', 'sync'}
    assert ask(manager.identity, LOGS_OUT, through=work) >= work


def test_a_program(ask, key):
    wanted = {'provision', 'read_operation', 'list_operations'}
    assert ask(key, only=wanted, through={'provision', 'list_operations'}) == wanted
