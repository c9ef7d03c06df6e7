"""Subscriptions in every state with their invoices and events, as screens for people show them.

Written beneath Odoo, at an account without a key, so that nobody asks for them; taken away again.
"""
from contextlib import contextmanager

from .domain_business import insert

ACCOUNT = 'Sandbox of the pictures'
# customer, plan, interval, status, entitlement, why, values
SUBSCRIPTIONS = (
    ('Alpina Outdoor', 'team', 'year', 'active', 'active', 'paying', {}),
    ('Brio Coffee', 'business', 'month', 'active', 'active', 'paying', {}),
    ('Cobalto Studio', 'business', 'month', 'active', 'active', 'paying', {'user_quantity': 3}),
    ('Delta Foods', 'team', 'month', 'active', 'active', 'paying', {
        'cancel_at': 9, 'canceled_at': -2, 'cancel_reason': 'cancellation_requested', 'cancel_feedback': 'too_expensive'}),
    ('Estela Dental', 'business', 'month', 'unpaid', 'suspended', 'unpaid', {'past_due_since': -12}),
    ('Faro Logistics', 'team', 'month', 'past_due', 'grace', 'overdue', {'past_due_since': -2, 'entitled_until': 5}),
    ('Granada Books', 'business', 'month', 'trialing', 'trial', 'trialing', {'trial_end': 4, 'has_payment_method': False}),
    ('Helix Labs', 'team', 'month', 'trialing', 'trial', 'trialing', {'trial_end': 11}),
    ('Iris Optics', 'business', 'year', 'active', 'active', 'comp', {'comp_until': 40, 'collection_paused': True}),
    ('Jardín Botanics', 'business', 'month', 'canceled', 'ended', 'canceled', {
        'ended_at': -6, 'cancel_reason': 'cancellation_requested', 'cancel_feedback': 'switched_service'}))
AMOUNTS = {('business', 'month'): 49, ('business', 'year'): 490, ('team', 'month'): 99, ('team', 'year'): 990}
DATES = ('cancel_at', 'canceled_at', 'past_due_since', 'entitled_until', 'trial_end', 'comp_until', 'ended_at')
EVENTS = (
    ('customer.subscription.created', 'subscription', 'done', 'New here: Active.', None),
    ('invoice.paid', 'invoice', 'done', 'Status: Open → Paid', None),
    ('invoice.payment_failed', 'invoice', 'done', 'Status: Active → Payment overdue', None),
    ('customer.updated', None, 'ignored', None, None),
    ('customer.subscription.updated', 'subscription', 'failed', None, 'Stripe did not answer for two days.'))


@contextmanager
def billing_business(world):
    """``{customer: {tenant, subscription, partner}}``; ``account``: its id."""
    sql, staff = world.master_sql, world.staff()
    _clear(sql)         # what a run that was killed has left
    partners = {row[0]: staff.call('res.partner', 'create', {'name': row[0], 'is_company': True}) for row in SUBSCRIPTIONS}
    made = {'account': _account(sql)}
    try:
        for number, row in enumerate(SUBSCRIPTIONS):
            made[row[0]] = _paying(sql, made['account'], number, partners[row[0]], *row)
        _events(sql, made)
        yield made
    finally:
        _clear(sql)
        staff.call('res.partner', 'unlink', list(partners.values()))


def _clear(sql):
    ours = 'account_id IN (SELECT id FROM saas_stripe_account WHERE name = %s)'
    sql(f'DELETE FROM saas_billing_event WHERE {ours}', ACCOUNT)
    sql(f'UPDATE saas_subscription SET latest_invoice_id = NULL WHERE {ours}', ACCOUNT)
    sql(f'DELETE FROM saas_billing_invoice WHERE {ours}', ACCOUNT)
    sql('UPDATE saas_tenant SET subscription_id = NULL WHERE mark LIKE %s', 'pictures-%')
    sql(f'DELETE FROM saas_subscription WHERE {ours}', ACCOUNT)
    sql('DELETE FROM saas_tenant WHERE mark LIKE %s', 'pictures-%')
    sql('DELETE FROM saas_stripe_account WHERE name = %s', ACCOUNT)


def _account(sql):
    return insert(sql, 'saas_stripe_account', name=ACCOUNT, active=True, mode='sandbox', is_sandbox=True,
                  api_base='http://127.0.0.1:9', health='unknown', account_id='acct_pictures')


def _ago(sql, days):
    return sql("SELECT date_trunc('second', now() AT TIME ZONE 'UTC') + %s * interval '1 day'", days)[0][0]


def _paying(sql, account, number, partner, company, plan, interval, status, entitlement, why, values):
    plan_id, = sql('SELECT id FROM saas_plan WHERE code = %s', plan)[0]
    currency, = sql("SELECT id FROM res_currency WHERE name = 'EUR'")[0]
    company_currency, = sql('SELECT currency_id FROM res_company ORDER BY id LIMIT 1')[0]
    amount = AMOUNTS[plan, interval]
    is_paid = status in ('active', 'past_due') and not values.get('collection_paused')
    moments = {name: _ago(sql, value) for name, value in values.items() if name in DATES}
    tenant = _tenant(sql, number, company, partner, plan_id, 'suspended' if entitlement == 'suspended' else 'running')
    subscription = insert(sql, 'saas_subscription', **{
        'account_id': account, 'stripe_id': f'sub_1Pictures{number:02}', 'customer': f'cus_Pictures{number:02}',
        'tenant_id': tenant, 'partner_id': partner, 'plan_id': plan_id, 'status': status, 'interval': interval,
        'currency_id': currency, 'company_currency_id': company_currency, 'amount': amount,
        'mrr': (amount / 12 if interval == 'year' else amount) if is_paid else 0, 'has_payment_method': True,
        'started_at': _ago(sql, -100 + number), 'converted_at': _ago(sql, -90 + number) if status != 'trialing' else None,
        'period_end': _ago(sql, 6 + number), 'entitlement': entitlement, 'entitled_why': why, 'synced_at': _ago(sql, 0),
        **values, **moments})
    sql('UPDATE saas_tenant SET subscription_id = %s WHERE id = %s', subscription, tenant)
    if status != 'trialing':
        _invoices(sql, account, number, partner, tenant, subscription, plan_id, currency, company_currency, amount, status)
    return {'tenant': tenant, 'subscription': subscription, 'partner': partner}


def _tenant(sql, number, company, partner, plan, state):
    """In the table only; it shares the node of the template."""
    name = f'{company.lower().split()[0]}-pays'.encode('ascii', 'ignore').decode()
    found = sql('SELECT node_id, id FROM saas_template WHERE database_name IS NOT NULL LIMIT 1')
    node, template = found[0] if found else (None, None)
    tenant = insert(sql, 'saas_tenant', name=name, partner_id=partner, company_name=company, email=f'ann@{name}.example',
                    admin_name='Ann Example', lang='en_US', plan_id=plan, node_id=node, template_id=template, template_version=1,
                    state=state, mark=f'pictures-{number}', database_name=name, url=f'http://{name}.localhost',
                    host=f'{name}.localhost', urgency='fine', attention=0, is_routed=True, live_at=_ago(sql, -60))
    if state == 'suspended':
        sql('INSERT INTO saas_tenant_suspension_rel (tenant_id, reason_id) SELECT %s, id FROM saas_suspension_reason'
            " WHERE code = 'unpaid'", tenant)
    return tenant


def _invoices(sql, account, number, partner, tenant, subscription, plan, currency, company_currency, amount, status):
    for month in range(4):
        is_open = not month and status in ('past_due', 'unpaid')
        at = _ago(sql, -2 - number - 30 * month)
        invoice = insert(sql, 'saas_billing_invoice', **{
            'account_id': account, 'stripe_id': f'in_1Pictures{number:02}{month}', 'number': f'7F3A{number:02}-000{4 - month}',
            'subscription_id': subscription, 'tenant_id': tenant, 'partner_id': partner, 'plan_id': plan,
            'status': 'open' if is_open else 'paid',
            'billing_reason': 'subscription_cycle' if month < 3 else 'subscription_create',
            'currency_id': currency, 'company_currency_id': company_currency, 'subtotal': amount, 'total': amount,
            'amount_paid': 0 if is_open else amount, 'amount_remaining': amount if is_open else 0,
            'revenue': 0 if is_open else amount, 'created_at': at, 'paid_at': None if is_open else at,
            'period_start': at, 'period_end': at, 'attempt_count': 2 if is_open else 1,
            'next_attempt': _ago(sql, 3) if is_open and status == 'past_due' else None,
            'hosted_url': 'http://127.0.0.1:9/i', 'pdf_url': 'http://127.0.0.1:9/i.pdf',
            'lines': [{'text': '1 × Plan', 'quantity': 1, 'amount': amount, 'from': str(at.date()), 'to': str(at.date())}]})
        if not month:
            sql('UPDATE saas_subscription SET latest_invoice_id = %s WHERE id = %s', invoice, subscription)


def _events(sql, made):
    customers = [name for name in made if name != 'account']
    for number, (kind, about, state, effect, error) in enumerate(EVENTS * 3):
        subscription = made[customers[number % len(customers)]]['subscription'] if about else None
        at = _ago(sql, -number / 3)
        sql('INSERT INTO saas_billing_event (account_id, stripe_id, type, created_at, received_at, source, object_kind,'
            ' object_id, body, state, effect, error, subscription_id, attempt, processed_at)'
            ' VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s) RETURNING id',
            made['account'], f'evt_1Pictures{number:02}', kind, at, at, 'backfill' if number == 4 else 'webhook', about,
            f'in_1Pictures{number:02}0' if about else None, '{"object": "event"}', state, effect, error, subscription, at)
