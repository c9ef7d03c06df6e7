"""The stack's Stripe account, which is the sandbox, and two plans that are paid for.

Whoever has entered real keys keeps them: only an account that is still a sandbox is brought in line, and plans that exist
stay as they are.
"""
import time

from .report import Problem, say

ACCOUNT = 'Sandbox'
FOLLOWS = ('api_base',)
ADDONS_PLANS = ('basic', 'enterprise')
MIRROR_SECONDS = 60
PLANS = (
    {'name': 'Business', 'code': 'business', 'sequence': 12, 'payment': 'now', 'is_published': True, 'trial_days': 0,
     'tagline': 'For companies that start at once', 'user_limit': 10, 'domain_limit': 10, 'disk_gib': 30,
     'allow_promotion_codes': True},
    {'name': 'Team', 'code': 'team', 'sequence': 14, 'payment': 'trial', 'is_published': True, 'trial_days': 14,
     'tagline': 'Try it for two weeks, without a card', 'user_limit': 25, 'domain_limit': 25, 'disk_gib': 60},
)
TAGLINES_ES = {'business': 'Para empresas que empiezan ya', 'team': 'Pruébelo dos semanas, sin tarjeta'}
NAMES_ES = {'business': 'Negocio', 'team': 'Equipo'}
PRICES = {      # plan: (interval, amount, per further user, per extra domain), in EUR
    'business': (('month', 49, 6, 2), ('year', 490, 60, 20)),
    'team': (('month', 99, 5, 2), ('year', 990, 50, 20)),
}


def seed(session, stack):
    """Create account, plans and prices, or let the account follow the stack's ports and secrets."""
    _account(session, stack)
    currency = _euro(session)
    _price_in(session, currency)
    for values in PLANS:
        if not session.search_read('saas.plan', [('code', '=', values['code'])], ['id'], context={'active_test': False}):
            _plan(session, values, currency)


def _account(session, stack):
    values = {'name': ACCOUNT, 'mode': 'sandbox', 'api_base': stack.stripe.api_base}
    secrets = {'api_key': stack.stripe.key, 'webhook_secret': stack.stripe.signing_secret}
    found = session.search_read('saas.stripe.account', [('mode', '=', 'sandbox')], ['webhook_secret_count', *FOLLOWS], limit=1,
                                context={'active_test': False})
    if not found:
        session.prove('secret')
        account = session.call('saas.stripe.account', 'create', {**values, **secrets})
        others = session.search_read('saas.stripe.account', [('is_current', '=', True)], ['id'])
        if not others:
            session.call('saas.stripe.account', 'action_make_current', [account])
    elif any(found[0][name] != values[name] for name in FOLLOWS):
        session.prove('secret')
        session.call('saas.stripe.account', 'write', [found[0]['id']], {name: values[name] for name in FOLLOWS})


def _euro(session):
    found = session.search_read('res.currency', [('name', '=', 'EUR')], ['active'], context={'active_test': False})[0]
    if not found['active']:
        session.call('res.currency', 'write', [found['id']], {'active': True})
    return found['id']


def _price_in(session, currency):
    """The addons' own plans, so that all on the page can be compared; once, and not where staff have priced them."""
    fresh = session.call('saas.plan', 'search', [('code', 'in', list(ADDONS_PLANS)), ('currency_id', '!=', currency)])
    known = session.search_read('saas.plan', [('code', 'in', [plan['code'] for plan in PLANS])], ['id'],
                                context={'active_test': False})
    if fresh and not known:
        session.call('saas.plan', 'write', fresh, {'currency_id': currency})


def _plan(session, values, currency):
    code = values['code']
    price = PRICES[code][0][1]
    plan = session.call('saas.plan', 'create', {**values, 'currency_id': currency, 'price': price, 'price_ids': [
        (0, 0, {'currency_id': currency, 'interval': interval, 'amount': amount, 'user_amount': user, 'domain_amount': domain})
        for interval, amount, user, domain in PRICES[code]]})
    session.call('saas.plan', 'write', [plan], {'name': NAMES_ES[code], 'tagline': TAGLINES_ES[code]},
                 context={'lang': 'es_ES'})


def wait(session):
    """Until everything that is sold is known at the sandbox, so that the first visitor can pay."""
    end, missing = time.monotonic() + MIRROR_SECONDS, True
    while missing and time.monotonic() < end:
        missing = session.call('saas.stripe.price', 'search_count', [('active', '=', True), ('stripe_id', '=', False)])
        if not missing:
            missing = not session.call('saas.stripe.price', 'search_count', [('active', '=', True)])
        time.sleep(0.2 if missing else 0)
    if missing:
        raise Problem(f'The prices were not at the Stripe sandbox after {MIRROR_SECONDS} s; `make logs` shows why.')
    say('Stripe sandbox: plans and prices are there')
