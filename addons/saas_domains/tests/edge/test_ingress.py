"""The tunnel's document: its order, its forms, and what our own check finds in it."""
import copy
import random

import pytest
import yaml

from bare.saas_domains.edge.ingress import Rule, normal, render, require_sound, to_config
from bare.saas_domains.edge.ingress_lint import lint
from bare.saas_master.drivers.errors import Permanent

ROUTER = 'http://127.0.0.1:8080'
RULES = [
    Rule('*.sajet.test', ROUTER), Rule('www.impulse-max.test', ROUTER), Rule('*.eu.sajet.test', ROUTER),
    Rule('sajet.test', ROUTER), Rule('acme.sajet.test', ROUTER),
    Rule('acme.sajet.test', 'http://127.0.0.1:8072', path='^/websocket'),
    Rule('www.xn--nandu-pta.test', ROUTER, origin_request={'connectTimeout': 10, 'noTLSVerify': True})]
LAST = {'service': 'http_status:404'}


def one(**values):
    return [{'hostname': 'a.test', 'service': ROUTER, **values}, LAST]


def codes(document, form='json'):
    return [problem.code for problem in lint(document, form)]


# -- rendering -------------------------------------------------------------------------------------------------------

def test_exact_names_come_first_then_deep_wildcards_and_the_catch_all_last():
    assert [(rule.get('hostname'), rule.get('path')) for rule in render(RULES)] == [
        ('acme.sajet.test', '^/websocket'), ('acme.sajet.test', None), ('sajet.test', None),
        ('www.impulse-max.test', None), ('www.xn--nandu-pta.test', None), ('*.eu.sajet.test', None),
        ('*.sajet.test', None), (None, None)]


def test_the_same_rules_make_the_same_document():
    shuffled = random.Random(7).sample(RULES, len(RULES))
    assert render(RULES) == render(iter(shuffled)) == render(RULES + shuffled)


def test_what_is_rendered_is_sound():
    for catch_all in ('http_status:404', ROUTER, Rule('', ROUTER, origin_request={'connectTimeout': 5})):
        assert lint(render(RULES, catch_all)) == []
        assert lint({'ingress': render(RULES, catch_all)}) == []
    assert render([]) == [LAST]


def test_a_name_with_two_services_is_refused():
    with pytest.raises(Permanent, match='two rules for sajet.test, to') as raised:
        render([*RULES, Rule('sajet.test', 'http://127.0.0.1:1')])
    assert raised.value.problem == 'ingress_twice'


def test_config_yml_says_durations_as_yaml_wants_them():
    text = to_config(render(RULES), 'tunnel-id', '/etc/cloudflared/c.json', '127.0.0.1:2000')
    document = yaml.safe_load(text)
    assert (document['tunnel'], document['credentials-file'], document['metrics']) == (
        'tunnel-id', '/etc/cloudflared/c.json', '127.0.0.1:2000')
    rule = next(rule for rule in document['ingress'] if 'originRequest' in rule)
    assert rule['originRequest'] == {'connectTimeout': '10s', 'noTLSVerify': True}
    assert lint(document, 'yaml') == []
    assert set(codes(document, 'json')) == {'unknown_key', 'duration'}


def test_words_that_yaml_takes_for_something_else_stay_words():
    rules = [Rule(f'{word}.test', f'http://{word}') for word in ('no', 'null', '1e3', '0x1f', '2001-01-01')]
    assert [rule.get('hostname') for rule in yaml.safe_load(to_config(render(rules), '123', '/c'))['ingress'][:-1]] == sorted(
        f'{word}.test' for word in ('no', 'null', '1e3', '0x1f', '2001-01-01'))
    assert yaml.safe_load(to_config([LAST], '123', '/c'))['tunnel'] == '123'


def test_documents_that_mean_the_same_are_equal():
    filled = [{'hostname': '', 'path': '', 'originRequest': {}, **rule} for rule in render(RULES)]
    assert normal(filled) == normal(render(RULES))
    assert normal(None) == []


# -- our own check ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host, code', [
    ('a.test.', 'host_dot'), ('a b.test', 'host_space'), (' a.test', 'host_space'), ('a.test\t', 'host_space'),
    ('a.test:80', 'host_port'), ('https://a.test', 'host_invalid'), ('a.test/x', 'host_invalid'), ('A.test', 'host_case'),
    ('*sajet.us', 'wildcard_place'), ('a.*.x', 'wildcard_place'), ('*.*.x', 'wildcard_place'), ('a*.x', 'wildcard_place'),
    ('a.*', 'wildcard_place'), ('**.x', 'wildcard_place'), ('*.', 'host_dot'), ('*.ñandu.test', 'host_unicode'),
    ('ñandu.test', 'host_unicode'), ('-a.test', 'host_invalid'), ('a..test', 'host_invalid'), ('a_b.test', 'host_invalid'),
    ('a' * 64 + '.test', 'host_long'), ('.'.join(['a' * 49] * 6), 'host_long'), (7, 'host_invalid'), (['a'], 'host_invalid')])
def test_hosts_that_never_match(host, code):
    assert codes(one(hostname=host)) == [code]


@pytest.mark.parametrize('host', ['a.test', 'xn--nandu-pta.test', '*.xn--nandu-pta.test', 'localhost', '*.a.b.c.d', '1.2'])
def test_hosts_that_match(host):
    assert codes(one(hostname=host)) == []


@pytest.mark.parametrize('service, code', [
    (None, 'service_missing'), ('', 'service_missing'), ('localhost:8069', 'service_scheme'), ('htp://a', 'service_scheme'),
    ('127.0.0.1', 'service_scheme'), ('http:/a', 'service_scheme'), ('ftp://a', 'service_scheme'), ('HTTP://a', 'service_scheme'),
    ('http://a/', 'service_path'), ('http://a:80/x', 'service_path'), ('http://a?x', 'service_path'),
    ('http://a#x', 'service_path'),
    ('http://', 'service_invalid'), ('http://u:p@a', 'service_invalid'), ('http://a:0', 'service_invalid'),
    ('http://a:99999', 'service_invalid'), ('http://a b', 'service_invalid'), ('http://[::1', 'service_invalid'),
    ('http_status:', 'service_status'), ('http_status:99', 'service_status'), ('http_status:abc', 'service_status'),
    ('unix:relative', 'service_invalid'), ('unix:', 'service_invalid'), (7, 'service_invalid'), ({}, 'service_invalid')])
def test_services_that_lead_nowhere(service, code):
    assert codes(one(service=service)) == [code]


@pytest.mark.parametrize('service', [
    'http://127.0.0.1:8069', 'https://odoo', 'http://[::1]:80', 'tcp://db:5432', 'ssh://a:22', 'rdp://a', 'smb://a', 'ws://a:1',
    'unix:/run/x.sock', 'unix+tls:/run/x.sock', 'http_status:404', 'hello_world', 'bastion', 'socks-proxy'])
def test_services_that_exist(service):
    assert codes(one(service=service)) == []


@pytest.mark.parametrize('path, code', [
    ('/websocket', 'path_unanchored'), ('x', 'path_unanchored'), ('(', 'path_regex'), ('[', 'path_regex'), ('*', 'path_regex'),
    ('^(?=x)', 'path_regex'), ('^(?!x)', 'path_regex'), ('^(a)\\1', 'path_regex'), ('^(?<=x)a', 'path_regex'),
    ('^a++', 'path_regex'),
    ('^[[:alpha:]]', 'path_regex'), (7, 'path_regex'), ('^a{99999999999}', 'path_regex')])
def test_paths_that_match_something_else(path, code):
    assert codes(one(path=path)) == [code]


@pytest.mark.parametrize('path', ['^/websocket', '^/(a|b)+/[^/]*$', '(?i)^/x', '^/a{2,3}\\.(jpg|png)'])
def test_paths_that_match(path):
    assert codes(one(path=path)) == []


@pytest.mark.parametrize('options, form, code', [
    ({'connectTimeout': '10s'}, 'json', 'duration'), ({'connectTimeout': 10}, 'yaml', 'duration'),
    ({'connectTimeout': '10'}, 'yaml', 'duration'), ({'tlsTimeout': True}, 'json', 'duration'),
    ({'tcpKeepAlive': -1}, 'json', 'duration'), ({'noTlsVerify': True}, 'json', 'unknown_key'),
    ({'noTLSVerify': 'yes'}, 'json', 'option_type'), ({'proxyPort': True}, 'json', 'option_type'), (['x'], 'json', 'shape'),
    ({'keepAliveConnections': -1}, 'json', 'option_type'), ({'httpHostHeader': 7}, 'json', 'option_type')])
def test_options_that_are_ignored_or_refused(options, form, code):
    assert codes(one(originRequest=options), form) == [code]
    assert codes({'originRequest': options, 'ingress': [LAST]}, form) == [code]


@pytest.mark.parametrize('hosts, found', [
    (['a.test', 'a.test'], ['duplicate']), (['*.test', 'a.test'], ['shadowed']), (['*.test', '*.a.test'], ['shadowed']),
    (['*.test', 'a.b.c.test'], ['shadowed']), (['*.a.test', 'a.test'], []), (['*.a.test', '*.test'], []),
    (['a.test', '*.test'], []), (['*.test', '*.test', 'a.test'], ['duplicate', 'shadowed']), (['*.test', 'test'], []),
    (['*.test', 'atest'], [])])
def test_rules_that_never_match(hosts, found):
    rules = [{'hostname': host, 'service': ROUTER} for host in hosts]
    assert codes([*rules, LAST]) == found


@pytest.mark.parametrize('rules, found', [
    ([('a.test', '^/x'), ('a.test', '^/x')], ['duplicate']), ([('a.test', ''), ('a.test', '^/x')], ['shadowed']),
    ([('a.test', '^/x'), ('a.test', '')], []), ([('*.test', '^/x'), ('a.test', '^/x')], ['shadowed']),
    ([('*.test', '^/x'), ('a.test', '^/y')], []), ([('a.test', '^/'), ('a.test', '^/x')], ['shadowed']),
    ([('', '^/x'), ('a.test', '^/x')], ['shadowed']), ([('', '^/x'), ('a.test', '')], [])])
def test_paths_that_an_earlier_rule_takes(rules, found):
    made = [{'hostname': host, 'path': path, 'service': ROUTER} for host, path in rules]
    assert codes([*made, LAST]) == found


@pytest.mark.parametrize('document, found', [
    ({}, ['empty']), ({'ingress': None}, ['empty']), ([], ['empty']), ({'ingress': 'x'}, ['shape']), ('x', ['shape']),
    ({'ingress': {'a': 1}}, ['shape']), (['x', LAST], ['shape']), ([{'hostname': 'a.test', 'service': ROUTER}], ['no_catch_all']),
    ([{'path': '^/x', 'service': ROUTER}], ['no_catch_all']), ([LAST, LAST], ['catch_all_early']),
    ([{'hostname': '*', 'service': ROUTER}, LAST], ['catch_all_early']),
    ([{'path': '^/', 'service': ROUTER}, LAST], ['catch_all_early']),
    ([{'hostname': '*', 'service': ROUTER}], []), ([{**LAST, 'hostnames': 'x'}], ['unknown_key']),
    ({'ingress': [LAST], 'ingres': []}, ['unknown_key']), ({'ingress': [LAST], 'warp-routing': {}}, [])])
def test_documents_that_are_not_whole(document, found):
    assert codes(document) == found


def test_a_problem_says_where_it_is():
    problems = lint([{'hostname': 'a.test', 'service': ROUTER}, {'hostname': 'B.test', 'service': 'htp://x'}, LAST])
    assert [(problem.code, problem.where, problem.words) for problem in problems] == [
        ('host_case', 'ingress[1].hostname', 'B.test'), ('service_scheme', 'ingress[1].service', 'htp://x')]
    with pytest.raises(Permanent, match=r'ingress\[1\].service: service_scheme \(htp://x\)') as raised:
        require_sound([{'hostname': 'a.test', 'service': ROUTER}, {'hostname': 'b.test', 'service': 'htp://x'}, LAST])
    assert raised.value.problem == 'ingress_wrong'


def test_looking_changes_nothing_and_bears_anything():
    rng, pieces = random.Random(7), ['a.test', '*', '', None, 7, {}, [], '^/', 'http://x', True, '*.test', '\ud800']
    for _round in range(2000):
        rules = [{key: rng.choice(pieces) for key in rng.sample(['hostname', 'path', 'service', 'originRequest', 'x'], 3)}
                 for _rule in range(rng.randrange(4))]
        before = copy.deepcopy(rules)
        assert isinstance(lint(rules), list)
        assert rules == before
