"""A real DNS server with a zone for every case; and one that misbehaves."""
import pytest

from odd_dns import OddServer
from tests.stack.dns_records import Records
from tests.stack.dns_server import DnsServer
from tests.stack.ports import unused
from tests.stack.settings import Ports
from tests.stack.settings import Settings as StackSettings

LONG_TOKEN = 'saas-verify-0123456789abcdef0123456789abcdef'
OURS = """
@       A 192.0.2.10
*       A 192.0.2.10
*       AAAA 2001:db8::10
hidden  CNAME elsewhere.net.
"""
CUSTOMERS = f"""
www.good        CNAME acme.sajet.example.
_saas-verify.good TXT "{LONG_TOKEN}"
www.plain       CNAME acme.sajet.example.
www.tunnel      CNAME 1f2e.cfargotunnel.com.
www.slow        86400 CNAME acme.sajet.example.
www.other       CNAME globex.sajet.example.
www.wrong       CNAME www.elsewhere.net.
www.dangling    CNAME gone.elsewhere.net.
www.empty       CNAME empty.elsewhere.net.
www.refused     CNAME host.nowhere.invalid.
www.nodata      TXT "nothing of interest"
www.near        CNAME near.test.
near            A 192.0.2.10
www.nearproved  CNAME nearproved.test.
nearproved      A 192.0.2.10
_saas-verify.nearproved TXT "{LONG_TOKEN}"
flat            A 192.0.2.10
flat            AAAA 2001:db8::10
flatproved      A 192.0.2.10
_saas-verify.flatproved TXT "v=spf1 -all" "another"
_saas-verify.flatproved TXT "{LONG_TOKEN[:20]}" "{LONG_TOKEN[20:]}"
flatwrong       A 192.0.2.10
_saas-verify.flatwrong TXT "saas-verify-somebody-else"
mixed           A 192.0.2.10
mixed           A 198.51.100.7
mixed           AAAA 2001:db8::bad
_saas-verify.mixed TXT "{LONG_TOKEN}"
six             AAAA 2001:db8::bad
onlysix         AAAA 2001:db8::10
_saas-verify.onlysix TXT "{LONG_TOKEN}"
old             A 198.51.100.7
old             AAAA 2001:db8::bad
_saas-verify.old TXT "{LONG_TOKEN}"
proxied         A 104.16.1.1
_saas-verify.proxied TXT "{LONG_TOKEN}"
unproved        A 104.16.1.1
big             A 192.0.2.10
_saas-verify.big TXT {' '.join('"' + 'x' * 250 + '"' for _part in range(16))}
_saas-verify.big TXT "{LONG_TOKEN}"
*.wild          CNAME acme.sajet.example.
loop1           CNAME loop2.test.
loop2           CNAME loop3.test.
loop3           CNAME loop1.test.
self            CNAME self.test.
www.out         CNAME out.elsewhere.net.
www.short       CNAME n2.test.
www.long        CNAME n1.test.
www.eternal     CNAME n0.test.
{chr(10).join(f'n{number} CNAME n{number + 1}.test.' for number in range(8))}
n8              CNAME acme.sajet.example.
www.caa         CNAME acme.sajet.example.
caa             CAA 0 issue "evil-ca.example"
caa             CAA 0 iodef "mailto:me@caa.test"
www.caagood     CNAME acme.sajet.example.
caagood         CAA 0 issue "letsencrypt.org; validationmethods=http-01"
caagood         CAA 0 issue "evil-ca.example"
www.caanone     CNAME acme.sajet.example.
caanone         CAA 0 issue ";"
www.caamail     CNAME acme.sajet.example.
caamail         CAA 0 iodef "mailto:me@caamail.test"
www.caastrange  CNAME acme.sajet.example.
caastrange      CAA 128 tbs "unknown"
deep.caanear    A 198.51.100.7
deep.caanear    CAA 0 issue "evil-ca.example"
caanear         CAA 0 issue "letsencrypt.org"
"""
PROVIDERS = {'godaddy.test': 'ns07.domaincontrol.com', 'cloudflare.test': 'amy.ns.cloudflare.com',
             'route53.test': 'ns-12.awsdns-01.co.uk', 'strange.test': 'ns1.nobody-knows.example'}
ZONES = {
    'test': CUSTOMERS,
    'sajet.example': OURS,
    'proxied.example': '* A 104.17.9.9\n',
    'cfargotunnel.com': '',
    'elsewhere.net': 'www A 198.51.100.7\nempty TXT "x"\nout CNAME www.out.test.\n',
    'apex.example': '',
    **dict.fromkeys(PROVIDERS, 'www CNAME acme.sajet.example.\n'),
}


@pytest.fixture(scope='session')
def dns_server(tmp_path_factory):
    """(address, port) of the real one."""
    server = _server(tmp_path_factory.mktemp('dns'), ZONES)
    for zone, host in PROVIDERS.items():
        Records(server.settings.ports.dns).set(zone, 'NS', host)
    yield '127.0.0.1', server.settings.ports.dns
    server.service().stop()


@pytest.fixture(scope='session')
def stale_dns_server(tmp_path_factory):
    """Another that still has what was there before."""
    server = _server(tmp_path_factory.mktemp('stale'), {
        'test': 'www.good CNAME www.elsewhere.net.\nwww.other CNAME globex.sajet.example.\n', 'sajet.example': OURS,
        'cfargotunnel.com': '', 'elsewhere.net': ZONES['elsewhere.net']})
    yield '127.0.0.1', server.settings.ports.dns
    server.service().stop()


@pytest.fixture()
def odd_servers():
    """As many that misbehave as there may be resolvers."""
    with OddServer() as first, OddServer() as second, OddServer() as third:
        yield first, second, third


def _server(folder, zones):
    settings = StackSettings.from_environment().change(state=folder, ports=Ports(dns=unused()))
    server = DnsServer(settings, zones)
    server.start()
    return server
