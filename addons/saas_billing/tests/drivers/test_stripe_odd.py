"""Answers that are nearly right: lists that do not end, objects without their fields."""
import json

import pytest

from bare.saas_billing.drivers import stripe_api
from bare.saas_master.drivers.errors import DriverError, Permanent
from odd_fixtures import fails


# -- lists -------------------------------------------------------------------------------------------------------------
def test_a_list_that_does_not_move_on_ends(odd):
    odd.says({'object': 'list', 'has_more': True, 'data': [{'id': 'prod_1', 'object': 'product'}]})
    assert [row.id for row in odd.api().list_products()] == ['prod_1', 'prod_1'] and len(odd.seen) == 2


def test_a_list_without_an_end_is_given_up(odd, monkeypatch):
    monkeypatch.setattr(stripe_api, 'MOST_PAGES', 1)
    odd.says({'object': 'list', 'has_more': True, 'data': [{'id': 'prod_1', 'object': 'product'}]})
    fails(Permanent, 'stripe_address', list, odd.api().list_products())


@pytest.mark.parametrize('data', [None, 5, [], {}, 'x', [1, None]])
def test_a_list_of_nothing(odd, data):
    odd.says({'object': 'list', 'has_more': True, 'data': data})
    assert list(odd.api().list_products()) == [] and len(odd.seen) == 1


# -- odd objects -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('found', [
    {}, {'items': None}, {'items': {'data': None}}, {'items': {'data': [{}]}}, {'items': []}, {'items': 5},
    {'trial_end': 'soon', 'cancel_at': -1, 'created': 10**30, 'metadata': None, 'customer': None}, {'customer': 7},
    {'items': {'data': [{'price': 'price_1', 'quantity': None}]}}, {'customer': {'invoice_settings': None}},
    {'items': {'data': [{'price': {'unit_amount': None, 'unit_amount_decimal': 'much'}}]}}, {'pause_collection': True},
    {'cancel_at_period_end': True}, {'latest_invoice': {'object': 'invoice', 'lines': 3}}])
def test_a_subscription_with_less_than_it_should_have_can_be_read(odd, found):
    odd.says({'id': 'sub_1', 'object': 'subscription', 'livemode': False, **found})
    subscription = odd.api().read_subscription('sub_1')
    assert subscription.id == 'sub_1' and subscription.cancel_at is None and not subscription.has_payment_method


@pytest.mark.parametrize('found', [
    {}, {'lines': None}, {'lines': {'data': [{}]}}, {'parent': None}, {'parent': {'subscription_details': None}},
    {'total_taxes': [{'amount': None}]}, {'total_taxes': 5}, {'status_transitions': None}, {'total': '5'}])
def test_an_invoice_with_less_than_it_should_have_can_be_read(odd, found):
    odd.says({'id': 'in_1', 'object': 'invoice', 'livemode': False, **found})
    invoice = odd.api().read_invoice('in_1')
    assert (invoice.id, invoice.tax, invoice.total, invoice.subscription) == ('in_1', 0, 0, '')


def test_nothing_but_driver_errors_leaves(odd):
    """Whatever a server makes of an answer that is nearly one."""
    whole = json.dumps({'id': 'sub_1', 'object': 'subscription', 'livemode': False, 'items': {'object': 'list', 'data': []}})
    api = odd.api()
    for end in range(0, len(whole), 3):
        odd.says(whole[:end].encode())
        with pytest.raises(DriverError):
            api.read_subscription('sub_1')


@pytest.mark.parametrize('found', [{}, {'lines': None}, {'lines': {'data': [{'amount': 5}, {'period': {'start': 5}}]}}])
def test_a_preview_with_less_than_it_should_have_is_one_of_nothing(odd, found):
    odd.says({'id': 'upcoming_in_1', 'object': 'invoice', 'livemode': False, 'currency': 'usd', 'total': 5, **found})
    preview = odd.api().preview_change('sub_1', (('si_1', 'price_1', None),))
    assert (preview.currency, preview.due_now, preview.lines, preview.next_amount, preview.next_at) == ('usd', 0, (), 5, None)
    assert preview.at
