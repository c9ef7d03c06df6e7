"""Servers that fail, lie or keep silent: an answer comes in time, and never a 'no' that nobody gave."""
import random
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import pytest

from bare.saas_domains.edge import dns_wire
from bare.saas_domains.edge.dns_check import Settings, Target, ask_servers, check
from bare.saas_domains.edge.dns_values import UNKNOWN_CODES
from odd_dns import SOA, nothing, refused, reply, rows, servfail, silence, unknown

TENANT, TOKEN = 'acme.sajet.example', 'saas-verify-1'
WWW = Target('www.odd.test', 'odd.test', (TENANT,), '_saas-verify.odd.test', TOKEN)
QUICK = {'timeout': 0.3, 'lifetime': 2, 'extras': False}
ALIAS = ('www.odd.test', 60, 'CNAME', f'{TENANT}.')
OURS = (TENANT, 60, 'A', '192.0.2.10')


def ask(*servers, target=WWW, **values):
    settings = Settings(tuple(server.address for server in servers), **{**QUICK, **values})
    return check([target], settings)[target.name]


@pytest.fixture()
def odds(odd_servers):
    """All know our tenant's address."""
    for server in odd_servers:
        server.behave(TENANT, rows(OURS), 'A')
        server.behave(TENANT, nothing, 'AAAA')
    return odd_servers


@pytest.fixture()
def odd(odds):
    return odds[0]


def nobody():
    """An address where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(('127.0.0.1', 0))
        return closed.getsockname()


def referral(query):
    return reply(query, authority=[('odd.test', 60, 'NS', 'ns.elsewhere.net.')], flags=0)


def upward(query):
    """As one who was made name server and knows nothing of it."""
    return reply(query, authority=[('', 60, 'NS', 'a.root-servers.net.')], flags=0)


def empty(query):
    return reply(query, flags=0)


def notimp(query):
    return reply(query, rcode=dns.rcode.NOTIMP)


def garbage(query):
    return query.to_wire()[:12].replace(b'\x01\x00', b'\x81\x80', 1) + b'\xff' * 40


def broken_tail(query):
    """The right question, and then nonsense."""
    return reply(query, ALIAS).to_wire()[:-20]


def another_number(query):
    message = reply(query, ALIAS)
    message.id = query.id ^ 1
    return message


def another_question(query):
    other = dns.message.make_query('www.other.test', 'A')
    other.id = query.id
    return reply(other, ('www.other.test', 60, 'CNAME', f'{TENANT}.'))


def the_question_back(query):
    return query


def truncated(query):
    message = reply(query)
    message.flags |= dns.flags.TC
    return message


@pytest.mark.parametrize('behaviour, code', [
    (servfail, 'servfail'), (refused, 'refused'), (silence, 'timeout'), (referral, 'lame'), (empty, 'lame'),
    (upward, 'lame'), (notimp, 'no_answer'), (garbage, 'timeout'), (broken_tail, 'no_answer'), (another_number, 'timeout'),
    (another_question, 'timeout'), (the_question_back, 'timeout'), (truncated, 'no_answer'),
])
def test_what_cannot_be_asked_is_unknown(odd, behaviour, code):
    odd.behave('www.odd.test', behaviour)
    finding = ask(odd)
    assert (finding.outcome, finding.code, finding.expected) == ('unknown', code, TENANT)


def test_nobody_listens():
    settings = Settings((nobody(),), **QUICK)
    assert check([WWW], settings)[WWW.name].code == 'no_answer'
    assert [server.code for server in ask_servers(settings)] == ['no_answer']


def test_no_way_to_ask():
    settings = Settings((('2001:db8::53', 53),), **QUICK)
    finding = check([WWW], settings)[WWW.name]
    assert finding.outcome == 'unknown' and finding.code in ('no_answer', 'timeout')


def test_a_question_lost_on_the_way_is_sent_again(odd):
    lost = []

    def later(query):
        lost.append(query)
        return reply(query, ALIAS) if len(lost) > 1 else None
    odd.behave('www.odd.test', later, 'A')
    assert ask(odd).outcome == 'yes' and len(lost) == 2
    assert lost[0].id == lost[1].id


def test_a_server_from_before_edns(odd):
    def old(query):
        return reply(query, ALIAS) if query.edns < 0 else dns.message.make_response(
            query).to_wire()[:3] + bytes([dns.rcode.FORMERR]) + bytes(8)
    odd.behave('www.odd.test', old, 'A')
    assert ask(odd).outcome == 'yes'


def test_junk_before_the_answer_is_passed_over(odd):
    """Somebody guesses: what has another number or question is not believed and does not end the wait."""
    odd.behave('www.odd.test', lambda query: [
        b'x', another_number(query), another_question(query), query, reply(query, ALIAS)], 'A')
    assert ask(odd).outcome == 'yes'


def test_the_token_cannot_be_asked_for(odd):
    odd.behave('www.odd.test', rows(ALIAS))
    odd.behave('_saas-verify.odd.test', servfail)
    assert (ask(odd).outcome, ask(odd).warnings) == ('yes', ())
    required = Target('www.odd.test', 'odd.test', (TENANT,), '_saas-verify.odd.test', TOKEN, txt_required=True)
    assert (ask(odd, target=required).outcome, ask(odd, target=required).code) == ('unknown', 'servfail')
    odd.behave('www.odd.test', rows(('www.odd.test', 60, 'A', '192.0.2.10')), 'A')
    odd.behave('www.odd.test', nothing, 'AAAA')
    assert (ask(odd).outcome, ask(odd).code) == ('unknown', 'servfail')


def test_our_own_addresses_cannot_be_asked_for(odd):
    """Then nobody can say that a name's address is a wrong one."""
    odd.behave('www.odd.test', rows(('www.odd.test', 60, 'A', '198.51.100.7')), 'A')
    odd.behave('www.odd.test', nothing, 'AAAA')
    assert ask(odd).code == 'wrong_address'
    odd.behave(TENANT, servfail, 'A')
    assert (ask(odd).outcome, ask(odd).code) == ('unknown', 'servfail')


def test_addresses_half_known(odd):
    odd.behave('www.odd.test', nothing, 'A')
    odd.behave('www.odd.test', servfail, 'AAAA')
    assert (ask(odd).outcome, ask(odd).code) == ('unknown', 'servfail')


def test_a_resolver_that_fails_at_the_end_of_a_chain_still_shows_it(odd):
    """Our tenant's name does not resolve at the moment, or two names point at each other."""
    odd.behave('www.odd.test', servfail, 'A')
    odd.behave('www.odd.test', rows(ALIAS), 'CNAME')
    assert (ask(odd).outcome, ask(odd).chain) == ('yes', (TENANT,))
    odd.behave('www.odd.test', rows(('www.odd.test', 60, 'CNAME', 'b.odd.test.')), 'CNAME')
    odd.behave('b.odd.test', servfail, 'A')
    odd.behave('b.odd.test', rows(('b.odd.test', 60, 'CNAME', 'www.odd.test.')), 'CNAME')
    assert (ask(odd).outcome, ask(odd).code) == ('no', 'loop')
    odd.behave('b.odd.test', unknown, 'CNAME')
    assert (ask(odd).outcome, ask(odd).code) == ('unknown', 'servfail')


def test_several_cnames_at_once(odd):
    odd.behave('www.odd.test', rows(ALIAS, ('www.odd.test', 60, 'CNAME', 'www.elsewhere.net.')))
    finding = ask(odd)
    assert (finding.code, finding.found) == ('multiple_cname', (TENANT, 'www.elsewhere.net'))


def test_a_cname_with_an_address_beside_it(odd):
    odd.behave('www.odd.test', rows(ALIAS, ('www.odd.test', 60, 'A', '198.51.100.7')), 'A')
    finding = ask(odd)
    assert finding.outcome == 'yes' and 'conflicting_records' in {warning.code for warning in finding.warnings}


def test_an_answer_with_records_nobody_asked_for(odd):
    odd.behave('www.odd.test', rows(('other.odd.test', 60, 'CNAME', f'{TENANT}.'), OURS, authority=[SOA]), 'A')
    odd.behave('www.odd.test', nothing, 'AAAA')
    assert ask(odd).code == 'no_record'


def test_the_chain_in_any_order(odd):
    odd.behave('www.odd.test', rows(('b.odd.test', 60, 'CNAME', 'c.odd.test.'), ('c.odd.test', 60, 'CNAME', f'{TENANT}.'), OURS,
                                    ('www.odd.test', 60, 'CNAME', 'b.odd.test.')), 'A')
    assert ask(odd).chain == ('b.odd.test', 'c.odd.test', TENANT)


def test_strange_text_in_a_strangers_zone(odd):
    odd.behave('www.odd.test', rows(ALIAS))
    strange = ('_saas-verify.odd.test', 60, 'TXT', r'"\000\255<script>" "x"')
    odd.behave('_saas-verify.odd.test', rows((*strange, f'" {TOKEN}\\010"')))
    assert ask(odd).owned
    odd.behave('_saas-verify.odd.test', rows(strange))
    assert [warning.values['found'] for warning in ask(odd).warnings] == [['\\xff<script>x']]


# -- several resolvers ----------------------------------------------------------------------------
def test_most_have_to_say_the_same(odds):
    first, second, third = odds
    first.behave('www.odd.test', rows(ALIAS))
    second.behave('www.odd.test', silence)
    third.behave('www.odd.test', rows(ALIAS))
    assert (ask(first, second).outcome, ask(first, second).code) == ('unknown', 'timeout')
    assert (ask(first, first, second).outcome, ask(first, second, third).outcome) == ('unknown', 'yes')
    third.behave('www.odd.test', servfail)
    assert ask(first, second, third).outcome == 'unknown'


def test_two_kinds_of_no_are_no_answer(odds):
    odds[0].behave('www.odd.test', rows(('www.odd.test', 60, 'CNAME', 'www.elsewhere.net.')))
    assert (ask(*odds).outcome, ask(*odds).code) == ('unknown', 'disagree')


# -- time -----------------------------------------------------------------------------------------
def test_one_who_keeps_silent_does_not_hold_up_the_others(odds):
    odds[1].answers = Everything(silence)
    targets = [Target(f'www.n{number}.test', f'n{number}.test', (TENANT,), f'_v.n{number}.test', TOKEN)
               for number in range(400)]
    start = time.monotonic()
    settings = Settings(tuple(server.address for server in odds), **{**QUICK, 'timeout': 4, 'lifetime': 20, 'concurrency': 50})
    findings = check(targets, settings)
    assert {(finding.outcome, finding.code) for finding in findings.values()} == {('no', 'nxdomain')}
    assert time.monotonic() - start < 20       # 8 rounds of 4 s, were it not for those that nobody waits for


def test_all_keep_silent(odd):
    odd.answers = Everything(silence)
    targets = [Target(f'www.n{number}.test', f'n{number}.test', (TENANT,)) for number in range(2000)]
    findings = check(targets, Settings((odd.address,), **{**QUICK, 'concurrency': 100}))
    assert {finding.code for finding in findings.values()} == {'timeout'}
    assert sum(odd.asked.values()) < 1000       # it was given up for dead


def test_there_is_an_end_to_it(odd):
    """Slow answers, a long chain: ``lifetime`` ends one name, ``total`` all of them."""
    odd.answers = Everything(silence)
    settings = Settings((odd.address,), timeout=60, lifetime=0.2, extras=False)
    assert check([WWW], settings)[WWW.name].code == 'timeout'
    targets = [Target(f'www.n{number}.test', f'n{number}.test', (TENANT,)) for number in range(50)]
    settings = Settings((odd.address,), timeout=60, lifetime=60, total=0.3, concurrency=10)
    start = time.monotonic()
    findings = check(targets, settings)
    assert {finding.code for finding in findings.values()} == {'timeout'} and len(findings) == 50
    assert time.monotonic() - start < 30


def test_from_a_thread_of_its_own(odd):
    odd.behave('www.odd.test', rows(ALIAS))
    found = []
    thread = threading.Thread(target=lambda: found.append(ask(odd).outcome))
    thread.start()
    thread.join(10)
    assert found == ['yes']


# -- how much is asked ----------------------------------------------------------------------------
def test_what_names_have_in_common_is_asked_once(odd):
    odd.behave('www.odd.test', rows(ALIAS))
    targets = [Target('www.odd.test', 'odd.test', (TENANT,), '_saas-verify.odd.test', TOKEN, key=number)
               for number in range(50)]
    assert len(check(targets, Settings((odd.address,), **{**QUICK, 'extras': True}))) == 50
    assert set(odd.asked.values()) == {1} and ('test', 'CAA') in odd.asked


def test_a_public_resolver_is_not_asked_too_fast(odd):
    targets = [Target(f'www.n{number}.test', f'n{number}.test', (TENANT,)) for number in range(30)]
    start = time.monotonic()
    check(targets, Settings((odd.address,), **{**QUICK, 'rate': 100}))
    assert time.monotonic() - start > 0.25 and sum(odd.asked.values()) == 30


class Everything(dict):
    """The same behaviour at every name."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def get(self, _key, _default=None):
        return self.answer


def test_what_cannot_be_a_name_has_no_records(odd):
    """Such as a token's place that became longer than a name may be."""
    odd.behave('www.odd.test', rows(ALIAS))
    label = 'a' * 60
    for place in (f'_saas-verify.{".".join([label] * 4)}.test', f'{"x" * 64}.test', '..', 'ñ.test'):
        target = Target('www.odd.test', 'odd.test', (TENANT,), place, TOKEN, txt_required=True)
        assert (ask(odd, target=target).outcome, ask(odd, target=target).code) == ('no', 'txt_missing')


def test_a_name_with_a_dot_in_a_label(odd):
    """Which only the library can write."""
    odd.behave('www.odd.test', rows(('www.odd.test', 60, 'CNAME', r'a\.b.odd.test.')))
    odd.behave(r'a\.b.odd.test', rows((r'a\.b.odd.test', 60, 'CNAME', f'{TENANT}.')))
    assert (ask(odd).outcome, ask(odd).chain) == ('yes', (r'a\.b.odd.test', TENANT))


def test_mutilated_answers_do_no_harm(odd):
    """Whatever bytes come, an answer comes of them at once."""
    question = dns_wire.Question('www.odd.test', 'A')
    wire = reply(dns.message.from_wire(question.wire(7)), ALIAS, OURS, authority=[SOA]).to_wire()
    assert dns_wire.read(question, wire).code == 'found'
    chance = random.Random(1)
    codes = set()
    for _round in range(3000):
        mutilated = bytearray(wire[:chance.randrange(12, len(wire) + 1)])
        for _byte in range(chance.randrange(4)):
            mutilated[chance.randrange(len(mutilated))] = chance.randrange(256)
        codes.add(dns_wire.read(question, bytes(mutilated)).code)
    assert {'no_answer', 'found', 'nodata'} <= codes <= {*UNKNOWN_CODES, 'found', 'nodata', 'nxdomain'}
