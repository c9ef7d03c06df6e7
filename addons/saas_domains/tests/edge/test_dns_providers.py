"""Providers by the names of their servers, as they are in the world."""
import pytest

from bare.saas_domains.edge.dns_providers import PROVIDERS, guess, is_proxy


@pytest.mark.parametrize('host, code', [
    ('ns37.domaincontrol.com', 'godaddy'), ('dns1.registrar-servers.com', 'namecheap'), ('amy.ns.cloudflare.com', 'cloudflare'),
    ('ns-1024.awsdns-00.org', 'route53'), ('ns-cloud-a1.googledomains.com.', 'google'),
    ('ns01.squarespacedns.com', 'squarespace'),
    ('ns1045.ui-dns.de', 'ionos'), ('DNS200.anycast.me', 'ovh'), ('ns104.ovh.net', 'ovh'), ('ns-97-a.gandi.net', 'gandi'),
    ('ns1.dns-parking.com', 'hostinger'), ('ns1.digitalocean.com', 'digitalocean'), ('ns8.wixdns.net', 'wix'),
    ('ns1.hover.com', 'hover'), ('curitiba.ns.porkbun.com', 'porkbun'), ('ns1-04.azure-dns.com', 'azure'),
    ('ns77.worldnic.com', 'networksolutions'), ('dns1.register.com', 'register'), ('dns27.servidoresdns.net', 'arsys'),
    ('ns1.dondominio.com', 'dondominio'), ('hydrogen.ns.hetzner.com', 'hetzner'), ('ns1.linode.com', 'linode'),
    ('ns1.vercel-dns.com', 'vercel'), ('dns1.p01.nsone.net', 'netlify'), ('ns1.bluehost.com', 'bluehost'),
    ('ns1.example.com', ''), ('notgandi.net', ''), ('gandi.net.evil.example', ''), ('', ''),
])
def test_guess(host, code):
    assert guess([host]) == code and (not code or code in PROVIDERS)


def test_the_first_that_is_known_counts():
    assert guess(['ns1.example.com', 'ns1.hover.com', 'ns1.gandi.net']) == 'hover' and guess([]) == ''


def test_addresses_of_the_proxy():
    assert all(map(is_proxy, ('104.16.1.1', '172.67.3.4', '2606:4700::6810:1')))
    assert not any(map(is_proxy, ('192.0.2.1', '104.32.0.1', '2001:db8::1')))
