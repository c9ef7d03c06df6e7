"""Pages of Stripe's that a person is sent to. Stripe is asked for them in that person's own request and nowhere else, so
a page that does not come is told at once to who waits for it.
"""
from urllib.parse import urlsplit

from odoo import _
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import DriverError

from .models.saas_stripe_account import API_BASE

STRIPE_HOSTS = ('https://checkout.stripe.com', 'https://billing.stripe.com', 'https://invoice.stripe.com')
FOR_CUSTOMERS = ('stripe_card',)        # problems whose words are theirs; of the others staff read in the log of the account


class NotNow(UserError):
    """Stripe has given no page. Nothing was charged, and it may be tried again."""


def is_ready(checkout):
    """Whether what is ordered can be paid now: its price is known at Stripe."""
    return bool(checkout.price_id._mirror(checkout.account_id).stripe_id)


def checkout_page(checkout, success_url, cancel_url):
    """Address of the payment page; the same page as long as it is open."""
    return in_his_words(checkout.env, lambda: checkout.sudo()._open_page(success_url, cancel_url))


def portal_page(subscription, return_url, flow=''):
    """Address of Stripe's own page about this customer. ``flow``: '' for all of it, or 'payment_method_update'."""
    subscription = subscription.sudo()
    account, customer, lang = subscription.account_id, subscription.customer, subscription.env.lang or 'auto'
    return in_his_words(subscription.env, lambda: account._ask(lambda api: api.portal_url(
        customer, return_url, configuration=configuration(account, api), flow=flow, locale=lang)))


def configuration(account, api):
    """What that page offers: card, invoices, cancelling; plans are changed here, where limits are checked. Made at the first
    visit; should its id be lost before it is kept, the next visit gets the same."""
    if not account.portal_configuration:
        account.portal_configuration = api.make_portal_configuration(f'portal-configuration-{account.id}')
    return account.portal_configuration


def in_his_words(env, ask):
    """What ``ask`` gives; raises UserError with words for a customer, who can change nothing about keys or networks."""
    try:
        return ask()
    except UserError as problem:
        cause = problem.__cause__
        if isinstance(cause, DriverError) and cause.problem not in FOR_CUSTOMERS:
            raise NotNow(_('Stripe, which takes the payments, does not answer as it should at this moment. Nothing was charged. '
                           'Try again in a minute.')) from cause
        raise


def origins(accounts):
    """Where those pages live, as a Content-Security-Policy names it: forms of ours end there."""
    found = [STRIPE_HOSTS if account.api_base.rstrip('/') == API_BASE else (origin(account.api_base),) for account in accounts]
    return list(dict.fromkeys(host for hosts in found for host in hosts))


def origin(address):
    parts = urlsplit(address)
    return f'{parts.scheme}://{parts.netloc}'
