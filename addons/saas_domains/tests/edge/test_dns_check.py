"""Every case of the DNS against a real server."""
from dataclasses import replace

import pytest

from bare.saas_domains.edge import dns_check
from bare.saas_domains.edge.dns_check import Settings, Target, ask_servers, check
from dns_fixtures import LONG_TOKEN, PROVIDERS
from tests.stack.dns_records import Records

TENANT, TUNNEL = 'acme.sajet.example', '1f2e.cfargotunnel.com'


def target(name, **values):
    """Of a customer whose registrable name are the last two labels."""
    registrable = '.'.join(name.split('.')[-2:])
    values = {'targets': (TENANT, TUNNEL), 'token': LONG_TOKEN, **values}
    return Target(name, registrable, txt_name=f'_saas-verify.{registrable}', **values)


@pytest.fixture()
def ask(dns_server):
    """The Finding of one name."""
    def ask(name, settings=None, **values):
        settings = settings or Settings((dns_server,), timeout=2, lifetime=6)
        return check([target(name, **values)], settings)[name]
    return ask


def codes(finding):
    return {warning.code for warning in finding.warnings}


def values(finding, code):
    return next(warning.values for warning in finding.warnings if warning.code == code)


@pytest.mark.parametrize('name, outcome, code, evidence', [
    ('www.good.test', 'yes', '', 'cname'),
    ('WWW.Good.test', 'yes', '', 'cname'),
    ('www.plain.test', 'yes', '', 'cname'),
    ('www.tunnel.test', 'yes', '', 'cname'),
    ('any.thing.wild.test', 'yes', '', 'cname'),
    ('www.short.test', 'yes', '', 'cname'),
    ('flatproved.test', 'yes', '', 'txt'),
    ('www.nearproved.test', 'yes', '', 'txt'),
    ('mixed.test', 'yes', '', 'txt'),
    ('onlysix.test', 'yes', '', 'txt'),
    ('big.test', 'yes', '', 'txt'),
    ('www.gone.test', 'no', 'nxdomain', ''),
    ('www.nodata.test', 'no', 'no_record', ''),
    ('www.wrong.test', 'no', 'wrong_cname', ''),
    ('www.other.test', 'no', 'wrong_cname', ''),
    ('www.empty.test', 'no', 'wrong_cname', ''),
    ('www.dangling.test', 'no', 'dangling_cname', ''),
    ('old.test', 'no', 'wrong_address', ''),
    ('six.test', 'no', 'wrong_address', ''),
    ('proxied.test', 'no', 'wrong_address', ''),
    ('flat.test', 'no', 'flattened_needs_txt', 'address'),
    ('www.near.test', 'no', 'flattened_needs_txt', 'address'),
    ('flatwrong.test', 'no', 'txt_wrong', 'address'),
    ('loop1.test', 'no', 'loop', ''),
    ('self.test', 'no', 'loop', ''),
    ('www.long.test', 'no', 'chain_too_long', ''),
    ('www.eternal.test', 'no', 'chain_too_long', ''),
    ('www.out.test', 'no', 'loop', ''),
    ('www.refused.test', 'unknown', 'refused', ''),
    ('www.nowhere.invalid', 'unknown', 'refused', ''),
])
def test_what_a_name_shows(ask, name, outcome, code, evidence):
    finding = ask(name)
    assert (finding.outcome, finding.code, finding.evidence) == (outcome, code, evidence), finding
    assert finding.expected
    assert finding.outcome != 'no' or finding.found or finding.code in ('nxdomain', 'no_record', 'flattened_needs_txt')


def test_a_finding_says_what_was_found(ask):
    good, wrong, old, flat = (ask(name) for name in ('www.good.test', 'www.wrong.test', 'old.test', 'flat.test'))
    assert (good.chain, good.ttl, good.points, good.owned) == ((TENANT,), 60, True, True)
    assert (wrong.expected, wrong.found, wrong.addresses) == (TENANT, ('www.elsewhere.net',), ('198.51.100.7',))
    assert (old.expected, old.found) == (TENANT, ('198.51.100.7', '2001:db8::bad'))
    assert old.owned and not old.points     # the token is still there though the name has left
    assert (flat.expected, flat.found, flat.addresses) == (LONG_TOKEN, (), ('192.0.2.10', '2001:db8::10'))
    assert flat.points and not flat.owned


def test_a_chain_of_eight_is_followed_and_no_further(ask):
    assert (len(ask('www.short.test').chain), ask('www.short.test').chain[-1]) == (8, TENANT)
    assert (len(ask('www.long.test').chain), ask('www.long.test').chain[-1]) == (8, 'n8.test')


@pytest.mark.parametrize('name, outcome, code, found', [
    ('www.good.test', 'yes', '', (TENANT,)),
    ('www.plain.test', 'no', 'txt_missing', ()),
])
def test_where_the_plan_wants_the_token(ask, name, outcome, code, found):
    finding = ask(name, txt_required=True)
    assert (finding.outcome, finding.code, finding.found) == (outcome, code, found)


def test_somebody_elses_token_is_shown(ask):
    finding = ask('flatwrong.test', txt_required=True)
    assert (finding.code, finding.expected, finding.found) == ('txt_wrong', LONG_TOKEN, ('saas-verify-somebody-else',))


def test_two_claims_of_one_name_are_told_apart(dns_server):
    mine, other = target('flatproved.test', key=1), target('flatproved.test', key=2, token='saas-verify-other')
    findings = check([mine, other], Settings((dns_server,)))
    assert (findings[1].outcome, findings[2].code) == ('yes', 'txt_wrong')


def test_a_proxied_name_with_its_token(ask):
    """Both are behind the same proxy, which shows everybody other addresses."""
    proxied = {'targets': ('acme.proxied.example',)}
    assert (ask('proxied.test', **proxied).evidence, codes(ask('proxied.test', **proxied))) == ('txt', {'proxied'})
    assert ask('unproved.test', **proxied).code == 'flattened_needs_txt'
    assert ask('old.test', **proxied).code == 'wrong_address'


def test_edge_addresses_count_too(ask):
    assert ask('old.test', edge_addresses=('198.51.100.7', 'nonsense')).evidence == 'txt'
    assert ask('old.test', edge_addresses=('2001:0DB8::0BAD',)).evidence == 'txt'


def test_a_private_address_counts_only_where_that_is_wanted(ask, dns_server):
    finding = ask('flatproved.test', Settings((dns_server,), public_only=True))
    assert finding.code == 'wrong_address' and 'private_address' in codes(finding)


# -- warnings -------------------------------------------------------------------------------------
@pytest.mark.parametrize('name, expected', [
    ('www.good.test', set()),
    ('www.plain.test', {'txt_missing_optional'}),
    ('www.slow.test', {'txt_missing_optional', 'ttl_high'}),
    ('mixed.test', {'a_left', 'aaaa_left', 'conflicting_records'}),
    ('old.test', {'a_left', 'aaaa_left'}),
    ('six.test', {'aaaa_left'}),
    ('flat.test', set()),
    ('www.wrong.test', set()),
    ('self.test', {'apex_cname'}),
])
def test_warnings(ask, name, expected):
    assert codes(ask(name)) == expected


def test_warnings_say_what_they_are_about(ask):
    mixed, slow, plain = ask('mixed.test'), ask('www.slow.test'), ask('www.plain.test')
    assert values(mixed, 'a_left') == {'addresses': ['198.51.100.7']}
    assert values(mixed, 'aaaa_left') == {'addresses': ['2001:db8::bad']}
    assert values(slow, 'ttl_high') == {'ttl': 86400, 'limit': 3600}
    assert values(plain, 'txt_missing_optional') == {'name': '_saas-verify.plain.test', 'token': LONG_TOKEN, 'found': []}


@pytest.mark.parametrize('name, blocks', [
    ('www.caa.test', {'name': 'caa.test', 'allowed': ['evil-ca.example']}),
    ('www.caanone.test', {'name': 'caanone.test', 'allowed': []}),
    ('www.caastrange.test', {'name': 'caastrange.test', 'allowed': []}),
    ('deep.caanear.test', {'name': 'deep.caanear.test', 'allowed': ['evil-ca.example']}),
    ('www.caagood.test', None), ('www.caamail.test', None), ('www.good.test', None),
])
def test_caa_climbs_to_the_nearest_set(ask, name, blocks):
    found = [warning.values for warning in ask(name).warnings if warning.code == 'caa_blocks']
    assert [{key: value for key, value in one.items() if key != 'needed'} for one in found] == ([blocks] if blocks else [])


@pytest.mark.parametrize('zone, provider', [
    ('godaddy.test', 'godaddy'), ('cloudflare.test', 'cloudflare'), ('route53.test', 'route53'), ('strange.test', ''),
])
def test_the_provider_is_told_from_its_name_servers(ask, zone, provider):
    assert zone in PROVIDERS and ask(f'www.{zone}').provider == provider


def test_without_extras_less_is_asked(ask, dns_server):
    finding = ask('www.caa.test', Settings((dns_server,), extras=False))
    assert (finding.outcome, finding.provider) == ('yes', '') and 'caa_blocks' not in codes(finding)


def test_what_a_customer_changes_is_seen(ask, dns_server):
    """As the demo does it: nothing, then a wrong one, then the right one, then nothing again."""
    records = Records(dns_server[1])
    assert ask('www.changing.test').code == 'nxdomain'
    records.set('www.changing.test', 'CNAME', 'www.elsewhere.net')
    assert ask('www.changing.test').code == 'wrong_cname'
    records.set('www.changing.test', 'CNAME', TENANT)
    assert ask('www.changing.test').outcome == 'yes'
    records.set('_saas-verify.changing.test', 'TXT', 'other', LONG_TOKEN)
    assert ask('www.changing.test', txt_required=True).owned
    records.set('changing.test', 'CAA', '0 issue "evil-ca.example"')
    assert 'caa_blocks' in codes(ask('www.changing.test'))
    records.remove('www.changing.test')
    assert ask('www.changing.test').code == 'nxdomain'


# -- several resolvers ----------------------------------------------------------------------------
def test_resolvers_that_disagree_change_nothing(dns_server, stale_dns_server):
    finding = check([target('www.good.test')], Settings((dns_server, stale_dns_server)))['www.good.test']
    assert (finding.outcome, finding.code, finding.expected) == ('unknown', 'disagree', TENANT)
    assert finding.found == (f'127.0.0.1:{dns_server[1]}: {TENANT}', f'127.0.0.1:{stale_dns_server[1]}: www.elsewhere.net')


def test_resolvers_that_agree(dns_server, stale_dns_server):
    findings = check(map(target, ('www.other.test', 'www.gone.test')), Settings((dns_server, stale_dns_server)))
    assert [finding.code for finding in findings.values()] == ['wrong_cname', 'nxdomain']


def test_who_answers(dns_server, odd_servers):
    first, second = ask_servers(Settings((dns_server, odd_servers[0].address), timeout=1), 'sajet.example')
    assert (first.port, first.code, second.code) == (dns_server[1], '', '')
    assert [server.code for server in ask_servers(Settings((dns_server,)))] == ['refused']
    assert first.milliseconds < 1000


def test_many_names_at_once_each_get_their_answer(dns_server):
    names = ['www.good.test', 'flat.test', 'old.test', 'loop1.test', 'www.eternal.test', 'big.test', 'www.gone.test']
    targets = [replace(target(name), key=(name, number)) for name in names for number in range(60)]
    findings = check(targets, Settings((dns_server,), concurrency=100))
    assert len(findings) == len(targets)
    for name in names:
        assert len({(findings[name, number].outcome, findings[name, number].code) for number in range(60)}) == 1


def test_nothing_to_ask_and_nobody_to_ask(dns_server):
    assert check([], Settings((dns_server,))) == {}
    assert check([target('www.good.test')], Settings(())) == {
        'www.good.test': dns_check.Finding('unknown', 'no_answer', expected=TENANT)}
