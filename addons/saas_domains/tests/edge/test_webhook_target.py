"""Which addresses webhooks may go to."""
import ipaddress

import dns.resolver
import pytest

from bare.saas_domains.edge import webhook_target
from bare.saas_domains.edge.webhook_target import Rules
from bare.saas_master.drivers.errors import NotFound, Permanent, Retryable

LOCAL = Rules(allow_local=True)


def problem(url, rules=None):
    with pytest.raises(Permanent) as refused:
        webhook_target.parse(url, rules)
    return refused.value.problem


@pytest.mark.parametrize('url, kept', [
    ('https://hooks.example.com', 'https://hooks.example.com/'),
    ('HTTPS://Hooks.Example.COM.:443/in?a=1#x', 'https://hooks.example.com/in?a=1'),
    ('https://bücher.example/straße?ü', 'https://xn--bcher-kva.example/stra%C3%9Fe?%C3%BC'),
    ('https://8.8.8.8:8443/%41', 'https://8.8.8.8:8443/%41'),
    ('https://[2606:4700:0::1111]/x', 'https://[2606:4700::1111]/x'),
    ('https://a_b.example.com/', 'https://a_b.example.com/'),
])
def test_kept_as(url, kept):
    assert webhook_target.parse(url).url == kept
    assert webhook_target.parse(kept).url == kept


@pytest.mark.parametrize('url, code', [
    ('', 'scheme'), (None, 'form'), ('https://a b.example', 'form'), ('https://a.example/\n', 'form'),
    ('https://a\\@b.example/', 'form'),
    ('https://' + 'a' * 2000 + '.example', 'form'), ('https://a.example:port/', 'form'), ('https://[::1', 'form'),
    ('http://a.example/', 'scheme'), ('ftp://a.example/', 'scheme'), ('//a.example', 'scheme'), ('javascript:alert(1)', 'scheme'),
    ('https://user@a.example/', 'credentials'), ('https://user:pw@a.example/', 'credentials'),
    ('https://@a.example/', 'credentials'),
    ('https://', 'host'), ('https:///x', 'host'), ('https://a..example/', 'host'), ('https://-a.example/', 'host'),
    ('https://' + 'a' * 64 + '.example/', 'host'), ('https://%31.example/', 'host'), ('https://127.1/', 'host'),
    ('https://2130706433/', 'host'), ('https://0x7f000001/', 'host'), ('https://0x7f.1/', 'host'),
    ('https://017700000001/', 'host'),
    ('https://1.2.3.4.5/', 'host'), ('https://[fe80::1%25eth0]/', 'host'), ('https://[v1.x]/', 'host'),
    ('https://a.example:22/', 'port'), ('https://a.example:0/', 'port'), ('https://a.example:6379/', 'port'),
    ('https://a.example:5432/', 'port'), ('https://a.example:25/', 'port'), ('https://a.example:99999/', 'form'),
    ('https://127.0.0.1/', 'not_public'), ('https://[::1]/', 'not_public'), ('https://10.0.0.1:8443/', 'not_public'),
    ('https://①②⑦.0.0.1/', 'not_public'), ('https://[::ffff:10.0.0.1]/', 'not_public'),
])
def test_refused(url, code):
    assert problem(url) == code


@pytest.mark.parametrize('text', [
    '0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '100.127.255.255', '100.100.100.200', '127.0.0.1', '127.255.0.1',
    '168.63.129.16', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1',
    '192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1',
    '255.255.255.255', '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:0:10.0.0.1', '64:ff9b::10.0.0.1',
    '64:ff9b::169.254.169.254', '64:ff9b:1::8.8.8.8', '100::1', '2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:10::1',
    '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:a00:1::1', '2002:808:808::1', '3fff::1', '5f00::1', 'fc00::1',
    'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1',
])
def test_closed(text):
    assert not webhook_target.is_open(ipaddress.ip_address(text), Rules())
    assert problem(f'https://[{text}]/' if ':' in text else f'https://{text}/') == 'not_public'


@pytest.mark.parametrize('text', [
    '1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '192.0.1.1', '198.20.0.1', '223.255.255.1',
    '2606:4700::1111', '2a00:1450:4001::200e', '2001:200::1', '64:ff9b::8.8.8.8'])
def test_open(text):
    assert webhook_target.is_open(ipaddress.ip_address(text), Rules())


def test_networks_of_ours_are_closed():
    rules = Rules(denied=tuple(map(ipaddress.ip_network, ('8.8.8.0/24', '2606:4700::/32'))))
    for text in ('8.8.8.8', '64:ff9b::8.8.8.8', '2606:4700::1'):
        assert not webhook_target.is_open(ipaddress.ip_address(text), rules)
    assert webhook_target.is_open(ipaddress.ip_address('8.8.4.4'), rules)


def test_tests_may_use_loopback_and_nothing_else():
    assert webhook_target.parse('http://127.0.0.1:18080/', LOCAL).port == 18080
    assert webhook_target.addresses(webhook_target.parse('http://a.localhost:18080/', LOCAL), LOCAL) == ['127.0.0.1']
    for url in ('http://10.0.0.1/', 'http://169.254.169.254/', 'http://[fd00:ec2::254]/'):
        assert problem(url, LOCAL) == 'not_public'


def names(*found):
    return Rules(resolve=lambda _host: list(found))


def addresses(rules):
    return webhook_target.addresses(webhook_target.parse('https://hooks.example.com/', rules), rules)


def test_every_address_has_to_be_public():
    assert addresses(names('2606:4700::1111', '8.8.8.8')) == ['8.8.8.8', '2606:4700::1111']
    for found in (('8.8.8.8', '10.0.0.1'), ('::1',), ('8.8.8.8', 'fe80::1%eth0'), ('8.8.8.8', 'nonsense')):
        with pytest.raises(Permanent) as refused:
            addresses(names(*found))
        assert refused.value.problem == 'not_public'
    with pytest.raises(NotFound):
        addresses(names())
    assert len(addresses(names(*(f'8.8.8.{number}' for number in range(100))))) == webhook_target.MOST_ADDRESSES


def test_localhost_is_never_asked_of_the_dns():
    with pytest.raises(Permanent):
        webhook_target.addresses(webhook_target.parse('https://localhost/'), names('8.8.8.8'))


def test_a_look_up_that_is_not_answered_may_go_better_later(monkeypatch):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ['127.0.0.1'], 9     # nobody answers there
    monkeypatch.setattr(webhook_target.dns.resolver, 'Resolver', lambda: resolver)
    monkeypatch.setattr(webhook_target, 'LOOK_UP_SECONDS', 0.3)
    with pytest.raises(Retryable) as error:
        webhook_target.look_up('hooks.example.com')
    assert error.value.problem == 'no_look_up'
