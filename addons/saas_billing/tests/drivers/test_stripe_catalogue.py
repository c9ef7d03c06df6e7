"""Account, products, prices, customers and webhook endpoints, as the fake Stripe keeps them."""
from datetime import timedelta

import pytest

from bare.saas_billing.const import EVENT_TYPES
from bare.saas_billing.drivers.stripe_api import StripeApi
from bare.saas_billing.drivers.stripe_words import API_VERSION, FEEDBACK, feedback, language
from bare.saas_master.drivers.errors import AuthError, NotFound, Permanent, Retryable


def test_the_account(stripe):
    account = stripe.api.read_account()
    assert account.id == stripe.fake.world.account and account.charges_enabled
    assert (account.country, account.currency, account.name) == ('US', 'usd', 'Sandbox')


def test_another_key_is_refused(stripe):
    with pytest.raises(AuthError) as caught:
        StripeApi('sk_test_thisIsNotTheKeyOfAnybody', stripe.fake.url).read_account()
    assert caught.value.problem == 'stripe_refused_key' and 'thisIsNot' not in str(caught.value)


# -- products and prices -----------------------------------------------------------------------------------------------
def test_a_product_is_made_once_per_key(stripe):
    first = stripe.api.make_product('product-7', 'Basic', 'For a start', {'saas_plan': '7'})
    assert stripe.api.make_product('product-7', 'Basic', 'For a start', {'saas_plan': '7'}) == first
    assert [row.metadata for row in stripe.api.list_products() if row.id == first] == [{'saas_plan': '7'}]


def test_the_same_key_for_something_else_is_an_error(stripe):
    stripe.api.make_product('product-7', 'Basic')
    with pytest.raises(Permanent) as caught:
        stripe.api.make_product('product-7', 'Other')
    assert caught.value.problem == 'stripe_idempotency' and 'same parameters' in caught.value.words


def test_a_call_that_was_cut_off_is_made_once(stripe):
    """The work was done, the answer lost: the same key finds it again."""
    stripe.fault('drop', method='POST', path='/v1/products$', when='after')
    with pytest.raises(Retryable):
        stripe.api.make_product('product-8', 'Cut off')
    again = stripe.api.make_product('product-8', 'Cut off')
    assert [row.id for row in stripe.api.list_products() if row.name == 'Cut off'] == [again]


def test_a_product_changes_only_in_what_is_given(stripe):
    key = stripe.api.make_product('product-7', 'Basic', 'For a start')
    stripe.api.change_product(key, name='Better')
    stripe.api.change_product(key, active=False)
    row = next(row for row in stripe.api.list_products() if row.id == key)
    assert (row.name, row.description, row.active) == ('Better', 'For a start', False)
    stripe.api.change_product(key, description='')
    assert next(row for row in stripe.api.list_products() if row.id == key).description == ''


def test_a_price(stripe):
    key = stripe.api.make_price('price-7', stripe.product, 'DOP', 149500, 'year', 'Yearly', {'saas_price': '7'}, True)
    row = next(row for row in stripe.api.list_prices(stripe.product) if row.id == key)
    assert (row.product, row.unit_amount, row.currency, row.interval, row.active, row.metadata) == (
        stripe.product, 149500, 'dop', 'year', True, {'saas_price': '7'})
    assert stripe.fake.world.get('prices', key)['tax_behavior'] == 'inclusive'
    assert stripe.fake.world.get('prices', stripe.prices['basic'])['tax_behavior'] == 'unspecified'


def test_an_archived_price_is_listed_still(stripe):
    stripe.api.archive_price(stripe.prices['basic'])
    rows = {row.id: row.active for row in stripe.api.list_prices(stripe.product)}
    assert rows[stripe.prices['basic']] is False and rows[stripe.prices['pro']] is True


def test_prices_of_one_product(stripe):
    other = stripe.api.make_product('product-9', 'Other')
    assert list(stripe.api.list_prices(other)) == []
    assert len(list(stripe.api.list_prices())) == len(list(stripe.api.list_prices(stripe.product))) == len(stripe.prices)


def test_what_is_not_taken_is_named(stripe):
    with pytest.raises(Permanent) as caught:
        stripe.api.make_price('price-8', stripe.product, 'USD', -5, 'month')
    assert caught.value.problem == 'stripe_refused' and caught.value.values['param'] == 'unit_amount'


def test_what_is_not_there(stripe):
    with pytest.raises(NotFound) as caught:
        stripe.api.archive_price('price_nobodyHasMade')
    assert caught.value.problem == 'stripe_gone' and 'price_nobodyHasMade' in caught.value.words


def test_long_lists_are_read_to_their_end(stripe):
    for number in range(230):
        stripe.api.make_product(f'many-{number}', f'Product {number}')
    names = [row.name for row in stripe.api.list_products()]
    assert names[:230] == [f'Product {number}' for number in reversed(range(230))] and len(names) == 231
    assert stripe.calls().count('GET /v1/products') == 3


# -- customers ---------------------------------------------------------------------------------------------------------
def test_a_customer(stripe):
    key = stripe.api.make_customer('customer-1', 'Jenny', 'jenny@example.org', 'es_DO', {'saas_partner': '7'})
    assert stripe.api.make_customer('customer-1', 'Jenny', 'jenny@example.org', 'es_DO', {'saas_partner': '7'}) == key
    row = stripe.fake.world.get('customers', key)
    assert (row['name'], row['email'], row['preferred_locales'], row['metadata']) == (
        'Jenny', 'jenny@example.org', ['es'], {'saas_partner': '7'})


def test_a_customer_of_whom_little_is_known(stripe):
    row = stripe.fake.world.get('customers', stripe.api.make_customer('customer-2', 'Jenny', ''))
    assert (row['name'], row['email'], row['preferred_locales'], row['metadata']) == ('Jenny', None, [], {})


def test_a_customer_changes_only_in_what_is_given(stripe):
    key = stripe.api.make_customer('customer-1', 'Jenny', 'jenny@example.org', 'es_DO')
    stripe.api.change_customer(key, name='Rosen', locale='en_US')
    row = stripe.fake.world.get('customers', key)
    assert (row['name'], row['email'], row['preferred_locales']) == ('Rosen', 'jenny@example.org', ['en'])


@pytest.mark.parametrize('code, wanted', [
    ('es_DO', 'es'), ('es_419', 'es-419'), ('en_GB', 'en-GB'), ('en_US', 'en'), ('pt_BR', 'pt-BR'), ('pt_PT', 'pt'),
    ('fr', 'fr'), ('sr@latin', 'auto'), ('es_ES.UTF-8', 'es'), ('eo', 'auto'), ('', 'auto'), (None, 'auto'), ('auto', 'auto')])
def test_languages(code, wanted):
    assert language(code) == wanted


def test_reasons():
    assert [feedback(code) for code in ('too_expensive', 'i_am_bored', '', None)] == ['too_expensive', 'other', '', '']
    assert 'other' in FEEDBACK


# -- webhook endpoints and events --------------------------------------------------------------------------------------
def test_an_endpoint_is_made_listed_and_removed(stripe):
    key, secret = stripe.api.make_webhook('http://127.0.0.1:9/hook', EVENT_TYPES, 'SaaS')
    assert secret.startswith('whsec_')
    found = next(row for row in stripe.api.list_webhooks() if row.id == key)
    assert found.url == 'http://127.0.0.1:9/hook' and found.is_enabled and found.types == EVENT_TYPES
    assert found.api_version == API_VERSION
    stripe.api.remove_webhook(key)
    stripe.api.remove_webhook(key)
    assert key not in [row.id for row in stripe.api.list_webhooks()]


def test_events_come_oldest_first_and_are_what_is_delivered(stripe):
    since = stripe.now()
    stripe.advance(seconds=10)
    stripe.api.make_product('product-7', 'First')
    stripe.advance(seconds=10)
    stripe.api.make_product('product-8', 'Second')
    events = list(stripe.api.list_events(since + timedelta(seconds=5)))
    assert [event.type for event in events] == ['product.created'] * 2 and events[0].created < events[1].created
    assert b'First' in events[0].raw and events[0].object_type == 'product' and events[0].livemode is False


def test_events_of_a_time_and_of_types(stripe):
    stripe.advance(days=1)
    begin = stripe.now()
    stripe.api.make_product('product-7', 'First')
    stripe.advance(days=1)
    stripe.api.archive_price(stripe.prices['basic'])
    stripe.api.make_product('product-8', 'Second')
    day = timedelta(days=1)
    assert [event.type for event in stripe.api.list_events(begin, begin + day / 2)] == ['product.created']
    assert [event.type for event in stripe.api.list_events(begin, types=['price.updated'])] == ['price.updated']
    assert list(stripe.api.list_events(begin + 3 * day)) == []


def test_more_types_than_stripe_takes_at_once(stripe):
    """Twenty are the most: the others are asked for as well, and all come in their order, each once."""
    since = stripe.now()
    stripe.advance(seconds=10)
    stripe.api.archive_price(stripe.prices['basic'])
    stripe.advance(seconds=10)
    stripe.api.make_product('product-7', 'First')
    types = ['product.created', *EVENT_TYPES, 'price.updated', 'product.created']
    events = list(stripe.api.list_events(since + timedelta(seconds=5), types=types))
    assert [event.type for event in events] == ['price.updated', 'product.created']
    assert len(EVENT_TYPES) > 20 and stripe.calls().count('GET /v1/events') == 2


def test_many_events(stripe):
    stripe.advance(seconds=10)
    begin = stripe.now()
    for number in range(130):
        stripe.api.make_product(f'many-{number}', f'Product {number}')
    events = list(stripe.api.list_events(begin))
    assert len(events) == len({event.id for event in events}) == 130
    assert b'"Product 0"' in events[0].raw and b'"Product 129"' in events[-1].raw


# -- faults of the fake ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('fault, kind, problem', [
    ({'kind': 'status', 'status': 429}, Retryable, 'stripe_busy'),
    ({'kind': 'status', 'status': 409}, Retryable, 'stripe_busy'),
    ({'kind': 'status', 'status': 500}, Retryable, 'stripe_busy'),
    ({'kind': 'status', 'status': 402}, Permanent, 'stripe_card'),
    ({'kind': 'drop'}, Retryable, 'stripe_unreachable'),
    ({'kind': 'garbage'}, Retryable, 'stripe_address'),
    ({'kind': 'truncated'}, Retryable, 'stripe_unreachable'),
])
def test_faults_and_then_it_goes_on(stripe, fault, kind, problem):
    stripe.fault(**fault)
    with pytest.raises(kind) as caught:
        stripe.api.read_account()
    assert caught.value.problem == problem
    assert stripe.api.read_account().country == 'US'


def test_too_slow(stripe):
    stripe.fault('slow', seconds=1)
    with pytest.raises(Retryable) as caught:
        StripeApi(stripe.fake.key, stripe.fake.url, timeout=0.2).read_account()
    assert caught.value.problem == 'stripe_silent'
