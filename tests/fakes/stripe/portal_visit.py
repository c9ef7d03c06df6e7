"""A visit to the customer portal: whose it is, what is offered, what there is to see."""
from . import pages, portal, words
from .answers import Html, Redirect
from .objects import copy_of
from .pages import link
from .subscriptions import OVER
from .words import say


class Portal:
    """One visit: the session, whose it is, and in which language."""

    def __init__(self, visit, key):
        self.visit, self.world = visit, visit.world
        self.session = visit.world.need('portal_sessions', key)
        self.language = words.language_of(self.session['locale'], visit)
        self.customer = visit.world.get('customers', self.session['customer'])
        self.configuration = visit.world.get('portal_configurations', self.session['configuration'])
        self.is_over = portal.is_over(visit.world, self.session) or 'invoice_settings' not in self.customer

    def say(self, text, *values):
        return say(self.language, text, *values)

    def has(self, feature):
        return self.configuration['features'][feature]['enabled']

    def url(self, path=''):
        return self.world.url(f'/p/session/{self.session["id"]}{path}')

    def page(self, title, *parts, status=200):
        business, profile = self.world.setting('business_name'), self.configuration['business_profile']
        back = self.session['return_url']
        back = f'<p id="return">{link(back, "← " + self.say("Return to %s", business))}</p>' if back else ''
        foot = ' · '.join(link(profile[name], self.say(words_)) for name, words_ in (
            ('terms_of_service_url', 'Terms'), ('privacy_policy_url', 'Privacy')) if profile[name])
        return Html(pages.page(self.language, title, back, *parts, foot=foot), status)

    def subscriptions(self):
        return [row for row in self.world.all('subscriptions', customer=self.customer['id']) if row['status'] not in OVER]

    def subscription(self, key):
        row = self.world.need('subscriptions', key)
        if row['customer'] != self.customer['id']:
            raise portal.errors.no_such('subscription', key)
        return row

    def invoices(self, *statuses):
        rows = self.world.all('invoices', customer=self.customer['id'])
        return [row for row in reversed(rows) if row['status'] in (statuses or ('paid', 'open', 'void', 'uncollectible'))]

    def card(self):
        """What is charged: that of a subscription before the customer's."""
        own = next((row['default_payment_method'] for row in self.subscriptions() if row['default_payment_method']), None)
        return copy_of(self.world, 'payment_methods', own or self.customer['invoice_settings']['default_payment_method'])

    def done(self, code, flow):
        """Where a customer is led after the flow ``flow``: as the session says."""
        flow_of = self.session['flow'] or {}
        after = flow_of.get('after_completion') if flow_of.get('type') == flow else None
        if after and after['type'] == 'redirect':
            return Redirect(after['redirect']['return_url'])
        if after and after['type'] == 'hosted_confirmation':
            return Redirect(self.url(f'/done?done={code}'))
        return Redirect(self.url(f'/home?done={code}'))


def over(here):
    return here.page(here.say('This link has expired'), pages.card(
        f'<h1>{here.say("This link has expired")}</h1><p>{here.say("Ask for a new one where you found it.")}</p>'), status=410)


def guarded(function):
    """No page of a session that is over, and none of a feature that is not offered."""
    def inner(visit, key, **names):
        here = Portal(visit, key)
        return over(here) if here.is_over else function(here, **names)
    return inner
