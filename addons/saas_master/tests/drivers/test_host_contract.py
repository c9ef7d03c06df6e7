"""What every host promises (``drivers/host.py``), asked of both: a shared Odoo server and a node of Proxmox VE.

Both on a real PostgreSQL with a template that Odoo made; the containers are those of the fake Proxmox VE.
"""
import dataclasses
import inspect
import secrets

import pytest
from drivers.errors import DriverError, NotFound, Permanent
from drivers.host import ABSENT, PUBLISHED, STAGING, Host
from drivers.pve.dedicated_node import DedicatedNode
from drivers.shared_node import SharedNode
from drivers.waiting import NotYet

from pg_fixtures import new_tenant
from pve_fixtures import dedicated_tenant, finish, with_task

HOSTS = (SharedNode, DedicatedNode)
ACTS = ('clone', 'configure', 'start', 'stop', 'personalise', 'publish_database', 'hand_over', 'forget', 'remove', 'look')
STRANGER = 'f' * 32
KEPT = ('database.uuid', 'database.secret')     # by what was kept ready, whoever gets it


@pytest.mark.parametrize('host', HOSTS)
def test_both_have_every_act_with_the_same_arguments(host):
    assert {name for name in vars(Host) if not name.startswith('_')} == set(ACTS)
    for name in ACTS:
        wanted, found = (inspect.signature(getattr(kind, name)).parameters for kind in (Host, host))
        assert len(found) == len(wanted) and list(found)[-1] == 'tenant', name


def test_from_nothing_to_the_customer_s_and_away(case):
    assert case.act('look') == ABSENT
    case.through('clone', 'configure', 'start')
    assert case.act('look') == STAGING
    case.through('personalise')
    assert case.act('look') == STAGING
    case.through('publish_database')
    assert case.act('look') == PUBLISHED
    values, tenant = case.parameters(), case.tenant
    assert (values['database.uuid'], values['database.secret'], values['web.base.url']) == (
        tenant.database_uuid, tenant.database_secret, tenant.base_url)
    assert case.people() == [(tenant.login, None)]
    case.through('stop', 'remove')
    assert case.act('look') == ABSENT
    assert not case.everything()


def test_every_act_may_be_repeated(case):
    for name in ('clone', 'configure', 'start', 'personalise'):
        assert case.act(name) is None
        assert case.act(name) is None
    for name in ('publish_database', 'clone', 'configure', 'start'):
        case.through(name, name)
        assert case.act('look') == PUBLISHED, f'{name} again has changed what is published'
    for name in ('stop', 'remove'):
        case.through(name, name)
    assert not case.everything()


def test_the_last_to_personalise_counts_until_it_is_published(case):
    case.through('clone', 'configure', 'start', 'personalise')
    changed = dataclasses.replace(case.tenant, database_secret='another', company='Another')
    case.act('personalise', changed)
    case.through('publish_database')
    assert case.parameters()['database.secret'] == 'another'
    with pytest.raises(Permanent, match='published'):
        case.act('personalise', case.tenant)
    assert case.parameters()['database.secret'] == 'another'


def test_nothing_is_published_that_is_not_personalised(case):
    case.through('clone', 'configure', 'start')
    with pytest.raises(Permanent, match='not personalised'):
        case.act('publish_database')
    assert case.act('look') == STAGING


@pytest.mark.parametrize('name', ['personalise', 'publish_database', 'hand_over', 'forget'])
def test_what_is_not_there_is_said_to_be_missing(case, name):
    with pytest.raises(NotFound):
        case.act(name)
    assert not case.everything()


def test_what_is_not_there_can_be_stopped_and_removed(case):
    case.through('stop', 'remove')
    assert not case.everything()


@pytest.mark.parametrize('name', ['clone', 'publish_database', 'hand_over', 'forget', 'remove'])
def test_what_is_somebody_else_s_is_left_alone(case, name):
    case.exists_as(STRANGER)
    before = case.everything()
    with pytest.raises(Permanent):
        case.act(name)
    assert case.everything() == before
    case.belongs_to(case.tenant.mark)       # for whoever tidies up


def test_nothing_is_done_in_what_became_somebody_else_s(case):
    case.through('clone', 'configure', 'start', 'personalise', 'publish_database')
    before = case.parameters()
    case.belongs_to(STRANGER)
    for name in ('personalise', 'hand_over', 'forget', 'remove'):
        with pytest.raises(DriverError):
            case.act(name)
    assert case.parameters() == before
    case.belongs_to(case.tenant.mark)


def test_a_standby_becomes_the_customer_s(case):
    case.through('clone', 'configure', 'start', 'personalise', 'publish_database')
    before, key = case.parameters(), case.kept_key()
    customer = new_tenant(login='bea@example.com', company='Bea & Co')
    taken = dataclasses.replace(
        case.tenant, login=customer.login, company=customer.company, admin_name='Bea', base_url=customer.base_url,
        database_uuid=customer.database_uuid, database_secret=customer.database_secret, api_key=secrets.token_hex(20))
    for _again in range(2):
        assert case.act('hand_over', taken) == case.tenant.database_uuid
        values = case.parameters()
        assert values['web.base.url'] == customer.base_url
        assert [values[name] for name in KEPT] == [before[name] for name in KEPT], 'they are its own and nobody has them'
        assert case.people() == [('bea@example.com', None)]
        assert case.kept_key() == key == 1, 'the key of before opens nothing any more'
    assert case.act('look') == PUBLISHED


def test_a_running_odoo_is_told_to_read_everything_anew(case):
    """By the counters it compares on every request; that of the registry stays, since to load it takes half a second."""
    case.through('clone', 'configure', 'start', 'personalise', 'publish_database')
    before, counters = case.parameters(), case.counters()
    case.act('hand_over')
    assert case.counters() == counters, 'it is not told before it is to be'
    case.through('forget', 'forget')
    changed = {name for name, number in case.counters().items() if number != counters[name]}
    assert changed and not [name for name in changed if 'registry' in name or 'templates' in name]
    assert case.parameters().keys() == before.keys()


def test_whose_it_is_is_the_mark_not_the_name(case):
    """One of the same name and another mark is another tenant."""
    case.through('clone', 'configure', 'start', 'personalise', 'publish_database')
    container = case.tenant.container and dataclasses.replace(case.tenant.container, mark=STRANGER)
    other = dataclasses.replace(case.tenant, mark=STRANGER, container=container)
    for name in ('look', 'hand_over', 'forget', 'remove'):
        with pytest.raises(Permanent):
            case.act(name, other)
    assert case.act('look') == PUBLISHED


def test_work_that_takes_longer_is_watched_not_begun_again(dedicated, golden, pve):
    """Of those that can answer NotYet: each look goes on with the task of the one before."""
    pve.control.tasks_slow(6, 'vzclone')
    begun, tenant = len(pve.control.tasks()), dedicated_tenant()
    host = dedicated(tenant.container.vmid)
    first = host.clone(golden, tenant)
    assert isinstance(first, NotYet) and first.task.startswith('UPID:pve1:')
    again = host.clone(golden, with_task(tenant, first.task))
    assert isinstance(again, NotYet) and again.task == first.task and again.note
    assert finish(host.clone, with_task(tenant, first.task), golden) is None
    assert [task['type'] for task in pve.control.tasks()[begun:]] == ['vzclone']
