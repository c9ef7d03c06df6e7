import itertools
from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user

NUMBERS = itertools.count(1)


def days(number):
    return fields.Datetime.now() + timedelta(days=number)


class StaffBilling:
    """An account nobody asks, a plan with a price, and people of staff; ``_subscription`` makes one in any state."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        accounts = cls.env['saas.stripe.account'].sudo()
        accounts.search([('is_current', '=', True)]).write({'is_current': False})
        cls.account, cls.sandbox = accounts.create([
            {'name': 'Live', 'mode': 'live', 'is_current': True, 'account_id': 'acct_staff_live'},
            {'name': 'Played', 'mode': 'sandbox', 'api_base': 'http://127.0.0.1:9', 'account_id': 'acct_staff_played'}])
        cls.company_currency = cls.env.company.currency_id
        cls.plan.payment = 'now'
        cls.price = cls.env['saas.plan.price'].create({
            'plan_id': cls.plan.id, 'currency_id': cls.company_currency.id, 'interval': 'month', 'amount': 29})
        cls.support, cls.manager = (
            new_test_user(cls.env, f'saas-{group}', groups=f'saas_master.group_saas_{group}', tz='America/Bogota')
            for group in ('support', 'manager'))

    @classmethod
    def _subscription(cls, status='active', mrr=None, account=None, **values):
        number = next(NUMBERS)
        is_paid = status in ('active', 'past_due')
        return cls.env['saas.subscription'].sudo().create({
            'account_id': (account or cls.account).id, 'stripe_id': f'sub_staff{number}', 'customer': f'cus_staff{number}',
            'partner_id': cls.customer.id, 'plan_id': cls.plan.id, 'interval': 'month', 'status': status,
            'currency_id': cls.company_currency.id, 'amount': 29, 'mrr': (29 if is_paid else 0) if mrr is None else mrr,
            'started_at': days(-60), 'period_end': days(10), **values})

    @classmethod
    def _invoice(cls, subscription, status='paid', **values):
        number = next(NUMBERS)
        return cls.env['saas.billing.invoice'].sudo().create({
            'account_id': subscription.account_id.id, 'stripe_id': f'in_staff{number}', 'number': f'STAFF-{number:04}',
            'subscription_id': subscription.id, 'partner_id': subscription.partner_id.id, 'plan_id': subscription.plan_id.id,
            'status': status, 'currency_id': cls.company_currency.id, 'total': 29, 'revenue': 29 if status == 'paid' else 0,
            'created_at': days(-3), 'paid_at': days(-3) if status == 'paid' else False,
            'billing_reason': 'subscription_cycle', **values})

    @classmethod
    def _event(cls, subscription=None, state='done', **values):
        number = next(NUMBERS)
        return cls.env['saas.billing.event'].sudo().create({
            'account_id': cls.account.id, 'stripe_id': f'evt_staff{number}', 'type': 'invoice.paid', 'created_at': days(-1),
            'source': 'webhook', 'state': state, 'subscription_id': subscription.id if subscription else False,
            'object_kind': 'invoice', 'object_id': f'in_staff{number}', **values})
