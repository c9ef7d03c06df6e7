"""The sandbox's DNS server, and what plays the customer at his provider."""
import pytest

from ..stack import Problem, Settings
from ..stack.dns_server import DnsServer
from ..stack.ports import unused
from ..stack.settings import Ports

dns_records = pytest.importorskip('tests.stack.dns_records', reason='dnspython comes with the Python of a stack')
WWW = 'www.impulse-max.test'


@pytest.fixture()
def server(tmp_path):
    """In a folder whose path is longer than a socket's may be."""
    settings = Settings.from_environment().change(state=tmp_path / ('long' * 30), ports=Ports(dns=unused()))
    server = DnsServer(settings)
    server.start()
    yield server
    server.service().stop()


@pytest.fixture()
def records(server):
    return dns_records.Records(server.settings.ports.dns)


def test_tenants_and_customers_have_their_zones(records):
    assert records.get('acme.localhost', 'A') == ['127.0.0.1']
    for name in (WWW, 'www.techeels.io', '1f2e.cfargotunnel.com'):
        assert records.get(name, 'CNAME') == []


def test_a_record_is_set_replaced_and_removed(records):
    records.set(WWW, 'A', '192.0.2.1', '192.0.2.2')
    assert records.get(WWW, 'A') == ['192.0.2.1', '192.0.2.2']
    records.set(WWW, 'CNAME', 'acme.localhost')
    assert (records.get(WWW, 'A'), records.get(WWW, 'CNAME')) == ([], ['acme.localhost.'])
    records.set(WWW, 'CNAME', 'other.localhost.')
    assert records.get(WWW, 'CNAME') == ['other.localhost.']
    records.set(f'_saas-verify.{WWW}', 'TXT', 'a "quoted" one', 'x' * 300)
    records.remove(WWW)
    records.remove(WWW, 'CNAME')
    assert records.get(WWW, 'CNAME') == []
    assert len(records.get(f'_saas-verify.{WWW}', 'TXT')) == 2


def test_what_was_set_is_there_after_a_restart(server, records):
    records.set(WWW, 'CNAME', 'acme.localhost')
    server.service().stop()
    server.start()
    assert records.get(WWW, 'CNAME') == ['acme.localhost.']
    server.service().kill()
    server.start()
    assert records.get(WWW, 'CNAME') == ['acme.localhost.']


def test_a_second_start_changes_nothing(server):
    pid = server.service().pid()
    assert server.start().pid() == pid


def test_names_of_nobody_here(server, records):
    with pytest.raises(Problem, match='is in no zone'):
        records.set('www.example.org', 'A', '192.0.2.1')
    server.service().stop()
    with pytest.raises(Problem, match='does not answer'):
        records.get(WWW, 'A')
