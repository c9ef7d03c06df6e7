"""Who may do what with the models, methods and routes of this addon: see saas_master/tests/access_tables.py."""
from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.tests.access_tables import CUSTOMERS, MANAGER, OPENS, ROLES, SUPPORT

SEEN = {'support': 'r', 'manager': 'r'}
READ_BY_CUSTOMERS = {'stranger': 'r', 'look': 'r', 'act': 'r', **SEEN}

RIGHTS = {
    'saas.billing.event': SEEN,
    'saas.billing.invoice': READ_BY_CUSTOMERS,
    'saas.checkout': READ_BY_CUSTOMERS,
    'saas.plan.price': {'support': 'r', 'manager': 'crud'},
    'saas.stripe.account': {'support': 'r', 'manager': 'crud'},
    'saas.stripe.customer': SEEN,
    'saas.stripe.price': SEEN,
    'saas.stripe.product': SEEN,
    'saas.subscription': READ_BY_CUSTOMERS,
    'saas.subscription.act': {'manager': 'crud'},
    'saas.subscription.tally': {},
}
ABSTRACT = ('saas.billing.settings',)

METHODS = {
    'saas.billing.event.action_mass_replay': MANAGER,
    'saas.billing.event.action_replay': MANAGER,
    'saas.billing.invoice.action_open_at_stripe': CUSTOMERS,
    'saas.billing.invoice.action_open_move': CUSTOMERS,     # the entry is Accounting's to guard
    'saas.billing.invoice.action_open_page': CUSTOMERS,
    'saas.billing.invoice.action_open_pdf': CUSTOMERS,
    'saas.billing.invoice.action_sync': SUPPORT,
    'saas.billing.invoice.action_to_books': MANAGER,
    'saas.stripe.account.action_change_secrets': MANAGER,
    'saas.stripe.account.action_forget_old_secrets': MANAGER,
    'saas.stripe.account.action_make_current': MANAGER,
    'saas.stripe.account.action_mirror': MANAGER,
    'saas.stripe.account.action_register_webhook': MANAGER,
    'saas.stripe.account.action_test': MANAGER,
    'saas.stripe.account.action_view_audit': OPENS,
    'saas.stripe.account.action_view_subscriptions': OPENS,
    'saas.subscription.act.action_confirm': MANAGER,
    'saas.subscription.action_cancel_now': OPENS,           # the dialogue is a manager's
    'saas.subscription.action_comp': OPENS,
    'saas.subscription.action_end_comp': MANAGER,
    'saas.subscription.action_extend': OPENS,
    'saas.subscription.action_keep': MANAGER,
    'saas.subscription.action_mass_sync': SUPPORT,
    'saas.subscription.action_open_at_stripe': CUSTOMERS,
    'saas.subscription.action_pause': MANAGER,
    'saas.subscription.action_refund_link': CUSTOMERS,      # where money is given back, Stripe asks who one is
    'saas.subscription.action_sync': SUPPORT,
    'saas.subscription.action_unpause': MANAGER,
    'saas.subscription.action_view_audit': OPENS,
    'saas.subscription.action_view_events': OPENS,
    'saas.subscription.action_view_invoices': OPENS,
    'saas.subscription.action_view_tenant': CUSTOMERS,
    'saas.tenant.action_view_subscription': CUSTOMERS,
}
EXTENDED_METHODS = {'res.partner.action_view_saas_subscriptions': ('employee', *CUSTOMERS)}

# the portal is the customers': staff have the backend
PAGE = '/my/billing/<int:tenant_id>'
PAY = '/saas/pay/<string:token>'
ROUTES = {
    ('POST', '/saas/stripe/webhook'): None,     # whoever signs: tests/test_webhook.py
    # who has the link: tests/test_signup_paid.py
    ('GET', PAY): None, ('POST', PAY): None, ('POST', f'{PAY}/withdraw'): None, ('POST', f'{PAY}/again'): None,
    ('GET', '/my/billing'): ROLES[1:],
    ('GET', PAGE): ('look', 'act'), ('GET', f'{PAGE}/status'): ('look', 'act'), ('GET', f'{PAGE}/pay'): ('look', 'act'),
    **{('GET', f'{PAGE}/{page}'): ('act',) for page in ('plans', 'change', 'cancel', 'back')},
    **{('POST', f'{PAGE}/{act}'): ('act',) for act in (
        'card', 'stripe', 'order', 'pay', 'withdraw', 'change', 'keep-plan', 'cancel', 'keep', 'resume')},
    ('GET', '/api/billing/subscription'): CUSTOMERS,       # without a name: the only one that is paid for
    ('POST', '/api/billing/checkout'): ('act', 'manager'),
    ('POST', '/api/billing/portal'): None,      # asks Stripe, which is not there: tests/test_api_billing.py
}
BODIES = {
    ('POST', '/api/billing/checkout'): {'tenant': 'matrix-own', 'plan': 'test-plan'},
}


def _account(case):
    """One nobody answers for, with a key that the vault of the tests has sealed."""
    accounts = case.env['saas.stripe.account'].sudo()
    return accounts.search([('name', '=', 'Matrix')]) or accounts.create({
        'name': 'Matrix', 'mode': 'sandbox', 'api_base': 'http://127.0.0.1:9', 'account_id': 'acct_matrix',
        'api_key_sealed': Vault.from_environment().seal('sk_test_matrix')})


def _subscription(case):
    subscriptions = case.env['saas.subscription'].sudo()
    found = subscriptions.search([('stripe_id', '=', 'sub_matrix')]) or subscriptions.create({
        'account_id': _account(case).id, 'stripe_id': 'sub_matrix', 'status': 'past_due', 'tenant_id': case.own.id,
        'partner_id': case.customer.id, 'plan_id': case.plan.id, 'currency_id': case.env.company.currency_id.id})
    case.own.sudo().subscription_id = found
    return found


def _invoice(case):
    invoices = case.env['saas.billing.invoice'].sudo()
    return invoices.search([('stripe_id', '=', 'in_matrix')]) or invoices.create({
        'account_id': _account(case).id, 'stripe_id': 'in_matrix', 'subscription_id': _subscription(case).id, 'status': 'open',
        'partner_id': case.customer.id, 'currency_id': case.env.company.currency_id.id})


def _event(case):
    events = case.env['saas.billing.event'].sudo()
    return events.search([('stripe_id', '=', 'evt_matrix')]) or events.create({
        'account_id': _account(case).id, 'stripe_id': 'evt_matrix', 'type': 'invoice.paid', 'source': 'webhook',
        'created_at': '2026-01-01 00:00:00', 'object_kind': 'invoice', 'object_id': 'in_matrix'})


def _seen(case, record):
    """As who asks has it: what he may not read must not be found in the cache."""
    case.env.flush_all()
    case.env.invalidate_all()
    return record.with_env(case.env)


def records(case, user):
    makers = {'saas.stripe.account': _account, 'saas.subscription': _subscription, 'saas.billing.invoice': _invoice,
              'saas.billing.event': _event}
    return {
        **{model: (lambda make=make: _seen(case, make(case))) for model, make in makers.items()},
        'saas.subscription.act': lambda: case._wizard(
            'saas.subscription.act', user, kind='extend', subscription_ids=[(6, 0, _subscription(case).ids)]),
    }


def holes(case, rule):
    """Pages of billing are about what the tenant pays for."""
    if 'billing' in rule:
        _subscription(case)
        _seen(case, case.own)
    return {}
