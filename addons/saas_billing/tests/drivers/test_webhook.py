"""Deliveries: what is accepted as Stripe's, what it is about, and what is kept of it."""
import hashlib
import hmac
import json
from datetime import datetime

import pytest

from bare.saas_billing.drivers import webhook
from bare.saas_billing.drivers.webhook import Refused, parse, verify, without_cards

NOW = 1_795_000_000
BODY = b'{"id": "evt_1", "object": "event"}'
SECRET, OTHER, THIRD = 'whsec_first', 'whsec_second', 'whsec_third'


def digest(secret=SECRET, body=BODY, moment=NOW):
    return hmac.new(secret.encode(), str(moment).encode() + b'.' + body, hashlib.sha256).hexdigest()


def header(*signatures, moment=NOW):
    return ','.join([f't={moment}', *(f'v1={signature}' for signature in signatures)])


def refusal(body=BODY, sent=None, secrets=(SECRET,), now=NOW):
    with pytest.raises(Refused) as caught:
        verify(body, header(digest()) if sent is None else sent, secrets, now)
    assert not any(secret and secret in repr(caught.value) for secret in secrets or ())
    return caught.value.code


# -- signatures ------------------------------------------------------------------------------------------------------
def test_as_stripe_signs():
    assert verify(BODY, header(digest()), [SECRET], NOW) == SECRET


@pytest.mark.parametrize('secrets', [[SECRET], [OTHER, SECRET], [SECRET, OTHER], [OTHER, THIRD, SECRET], ['', SECRET]])
@pytest.mark.parametrize('signatures', [
    [digest()], [digest(), digest('whsec_unknown')], ['0' * 64, digest()],
    [digest(), '0' * 64], ['x', digest(OTHER, b'other'), digest()]])
def test_any_signature_and_any_secret(secrets, signatures):
    assert verify(BODY, header(*signatures), secrets, NOW) == SECRET


def test_while_a_secret_is_rolled_both_are_good():
    sent = header(digest(OTHER), digest(SECRET))
    assert verify(BODY, sent, [SECRET], NOW) == SECRET and verify(BODY, sent, [OTHER], NOW) == OTHER


@pytest.mark.parametrize('secrets', [[], None, (), [''], [None, '']])
def test_without_a_secret_nothing_is_accepted(secrets):
    assert refusal(secrets=secrets) == 'no_secret'
    assert refusal(secrets=secrets, sent=header(digest(''))) == 'no_secret'


@pytest.mark.parametrize('sent', ['', ' ', '\t'])
def test_without_a_signature(sent):
    assert refusal(sent=sent) == 'no_signature'


def test_without_the_header():
    with pytest.raises(Refused) as caught:
        verify(BODY, None, [SECRET], NOW)
    assert caught.value.code == 'no_signature'


@pytest.mark.parametrize('sent', [
    'nonsense', f'v1={digest()}', f't={NOW}', f't=,v1={digest()}', f't=abc,v1={digest()}', f't=-5,v1={digest()}',
    f't=1e9,v1={digest()}', f't={NOW}.5,v1={digest()}', f't={NOW},v1=', f't={NOW},v0={digest()}', f't={NOW};v1={digest()}',
    f't={NOW},t={NOW},v1={digest()}', f't={NOW},t={NOW + 1},v1={digest()}', f't={"9" * 400},v1={digest()}', ',,,', '=,=',
    f't=١٧٩٥٠٠٠٠٠٠,v1={digest()}', 'x' * 100_000])
def test_malformed(sent):
    assert refusal(sent=sent) == 'malformed'


@pytest.mark.parametrize('sent', [
    header(digest(OTHER)), header(digest(body=BODY + b' ')), header(digest(moment=NOW - 1)), header(digest().upper()),
    header(digest()[:-1]), header(digest() + '0'), header('0' * 64), header('ñ' * 64), header(digest(''))])
def test_wrong(sent):
    assert refusal(sent=sent) == 'wrong'


@pytest.mark.parametrize('body', [b'', BODY + b'\n', BODY.replace(b' ', b''), BODY.replace(b'evt_1', b'evt_2'), b'\xff\xfe'])
def test_other_bytes_are_another_body(body):
    assert refusal(body=body) == 'wrong'


def test_bytes_that_are_no_text_can_be_signed():
    body = b'\xff\x00\xc3'
    assert verify(body, header(digest(body=body)), [SECRET], NOW) == SECRET


@pytest.mark.parametrize('age', [0, 1, 299, 300, -1, -299, -300])
def test_in_time(age):
    assert verify(BODY, header(digest(moment=NOW - age), moment=NOW - age), [SECRET], NOW) == SECRET


@pytest.mark.parametrize('age, code', [
    (301, 'stale'), (300.5, 'stale'), (86400, 'stale'), (NOW, 'stale'), (-301, 'future'), (-300.5, 'future'),
    (-86400, 'future'), (-10**11, 'future')])
def test_out_of_time_either_way(age, code):
    moment = int(NOW - age)
    assert refusal(sent=header(digest(moment=moment), moment=moment), now=moment + age) == code


def test_a_forged_one_is_not_told_what_time_it_is():
    assert refusal(sent=header('0' * 64, moment=NOW - 9999)) == 'wrong'


def test_the_clock_of_this_machine_is_the_default():
    with pytest.raises(Refused) as caught:
        verify(BODY, header(digest(moment=1000), moment=1000), [SECRET])
    assert caught.value.code == 'stale'


def test_the_time_is_signed_as_it_is_written():
    assert refusal(sent=header(digest(), moment=f'0{NOW}')) == 'wrong'


# -- what an event is about --------------------------------------------------------------------------------------------
def event(thing, name='x.y', **more):
    return json.dumps({'id': 'evt_1', 'object': 'event', 'type': name, 'livemode': False, 'created': NOW,
                       'data': {'object': thing}, **more}).encode()


@pytest.mark.parametrize('thing, expected', [
    ({'object': 'subscription', 'id': 'sub_1', 'customer': 'cus_1', 'latest_invoice': 'in_1'}, ('sub_1', '', '', 'cus_1')),
    ({'object': 'subscription', 'id': 'sub_1', 'customer': {'id': 'cus_1'}}, ('sub_1', '', '', 'cus_1')),
    ({'object': 'invoice', 'id': 'in_1', 'customer': 'cus_1', 'subscription': 'sub_old',
      'parent': {'subscription_details': {'subscription': 'sub_1'}}}, ('sub_1', 'in_1', '', 'cus_1')),
    ({'object': 'invoice', 'customer': 'cus_1', 'parent': {'subscription_details': {'subscription': 'sub_1'}}},
     ('sub_1', '', '', 'cus_1')),
    ({'object': 'invoice', 'id': 'in_1', 'parent': None}, ('', 'in_1', '', '')),
    ({'object': 'checkout.session', 'id': 'cs_1', 'customer': 'cus_1', 'subscription': 'sub_1', 'invoice': 'in_1'},
     ('sub_1', 'in_1', 'cs_1', 'cus_1')),
    ({'object': 'checkout.session', 'id': 'cs_1', 'customer': None, 'subscription': None}, ('', '', 'cs_1', '')),
    ({'object': 'customer', 'id': 'cus_1'}, ('', '', '', 'cus_1')),
    ({'object': 'balance', 'available': []}, ('', '', '', '')),
])
def test_related(thing, expected):
    body = event(thing)
    found = parse(body)
    assert (found.subscription, found.invoice, found.checkout, found.customer) == expected
    assert (found.object_type, found.object_id) == (thing['object'], thing.get('id', ''))
    assert found.raw == body and found.livemode is False and found.created == datetime(2026, 11, 18, 11, 6, 40)


@pytest.mark.parametrize('body', [
    b'', b'null', b'[]', b'"evt"', b'{', b'\xff', b'{}', b'[' * 100_000, event(None), event({}), event([]), event('sub_1'),
    event({'object': 'x'}, id=None), event({'object': 'x'}, id=5), event({'object': 'x'}, type=None),
    event({'object': 'x'}, object='list'), event({'object': 'x'}, livemode='false'), event({'object': 'x'}, livemode=None),
    event({'object': 'x'}, created=None), event({'object': 'x'}, created='now'), event({'object': 'x'}, created=-1),
    event({'object': 'x'}, created=10**20), event({'object': 'x'}, data=None)])
def test_what_is_no_event(body):
    with pytest.raises(Refused) as caught:
        parse(body)
    assert caught.value.code == 'malformed'


# -- what is kept ----------------------------------------------------------------------------------------------------
PRIVATE = ['4242', 'visa', 'Jenny Rosen', 'jenny@example.org', '+1 809 555', 'Calle Real 7', 'pi_1_secret_2', 'DO123456',
           'fp_777', 'https://checkout.stripe.com/c/pay/1', 'https://invoice.stripe.com/i/1', '203.0.113.9']
CARD = {'brand': 'visa', 'last4': '4242', 'exp_month': 4, 'fingerprint': 'fp_777'}
PERSON = {'name': 'Jenny Rosen', 'email': 'jenny@example.org', 'phone': '+1 809 555', 'address': {'line1': 'Calle Real 7'}}


@pytest.mark.parametrize('thing', [
    {'object': 'invoice', 'id': 'in_1', 'customer_email': 'jenny@example.org', 'customer_name': 'Jenny Rosen',
     'customer_phone': '+1 809 555', 'customer_address': PERSON['address'], 'customer_shipping': PERSON,
     'customer_tax_ids': [{'value': 'DO123456'}], 'hosted_invoice_url': 'https://invoice.stripe.com/i/1',
     'invoice_pdf': 'https://invoice.stripe.com/i/1/pdf', 'confirmation_secret': {'client_secret': 'pi_1_secret_2'},
     'payments': {'data': [{'payment': {'payment_intent': {'client_secret': 'pi_1_secret_2'}}}]}},
    {'object': 'checkout.session', 'id': 'cs_1', 'customer_details': PERSON, 'customer_email': 'jenny@example.org',
     'client_secret': 'pi_1_secret_2', 'url': 'https://checkout.stripe.com/c/pay/1', 'collected_information': PERSON,
     'shipping_details': PERSON, 'custom_fields': [{'text': {'value': 'Jenny Rosen'}}]},
    {'object': 'charge', 'id': 'ch_1', 'payment_method_details': {'card': CARD}, 'billing_details': PERSON,
     'receipt_email': 'jenny@example.org', 'source': CARD, 'description': 'Jenny Rosen'},
    {'object': 'payment_intent', 'id': 'pi_1', 'client_secret': 'pi_1_secret_2', 'charges': {'data': [{'x': CARD}]},
     'last_payment_error': {'payment_method': {'card': CARD, 'billing_details': PERSON}}, 'shipping': PERSON,
     'latest_charge': {'object': 'charge', 'id': 'ch_1', 'anything': CARD},
     'payment_method': {'object': 'payment_method', 'id': 'pm_1', 'sepa_debit': {'last4': '4242'}, 'x': PERSON}},
    {'object': 'payment_method', 'id': 'pm_1', 'type': 'card', 'card': CARD, 'billing_details': PERSON},
    {'object': 'customer', 'id': 'cus_1', **PERSON, 'shipping': PERSON, 'sources': {'data': [{'object': 'card', **CARD}]},
     'invoice_settings': {'custom_fields': [PERSON]}, 'description': 'Jenny Rosen'},
    {'object': 'setup_intent', 'id': 'seti_1', 'client_secret': 'pi_1_secret_2', 'last_setup_error': {'payment_method': CARD},
     'mandate_data': {'customer_acceptance': {'online': {'ip_address': '203.0.113.9', 'user_agent': 'x'}}}},
    {'object': 'subscription', 'id': 'sub_1', 'customer': {'object': 'customer', 'id': 'cus_1', **PERSON}},
])
def test_cards_people_and_secrets_are_not_kept(thing):
    kept = without_cards(event(thing, **{'data': {'object': thing, 'previous_attributes': thing}}))
    assert [word for word in PRIVATE if word in kept] == []
    found = json.loads(kept)
    assert found['id'] == 'evt_1' and found['data']['object']['id'] == thing['id']


def test_what_one_wants_to_search_is_kept():
    thing = {'object': 'subscription', 'id': 'sub_1', 'customer': 'cus_1', 'status': 'past_due', 'metadata': {'saas_tenant': 'é'},
             'items': {'object': 'list', 'data': [{'id': 'si_1', 'price': {'id': 'price_1', 'unit_amount': 1900}}]},
             'default_payment_method': 'pm_1', 'trial_end': None}
    kept = without_cards(event(thing, 'customer.subscription.updated', request={'id': None, 'idempotency_key': 'k'}))
    assert json.loads(kept)['data']['object'] == thing
    assert json.loads(kept)['type'] == 'customer.subscription.updated' and 'é' in kept and '": ' not in kept


@pytest.mark.parametrize('body', [b'', b'{', b'\xff', b'[' * 100_000])
def test_what_is_no_json_is_not_kept(body):
    assert without_cards(body) == ''


@pytest.mark.parametrize('body', [b'null', b'5', b'[1]', b'{"data": 5}', b'{"data": {"object": []}}'])
def test_strange_json_is_kept_as_it_is(body):
    assert json.loads(without_cards(body)) == json.loads(body)


def test_codes():
    assert webhook.CODES == ('no_secret', 'no_signature', 'malformed', 'stale', 'future', 'wrong')
