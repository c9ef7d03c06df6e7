"""What Stripe says of a payment page, and what becomes of the order: never money without service unnoticed."""
import contextlib
import logging
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import DriverError, NotFound
from odoo.addons.saas_master.series import commit_progress

from ..const import ENDED
from .saas_checkout import WAITING

_logger = logging.getLogger(__name__)

ACTIVITY = 'saas_billing.mail_activity_billing'
BATCH = 200


class SaasCheckout(models.Model):
    _inherit = 'saas.checkout'

    # -- Stripe's word --------------------------------------------------------------------------

    @api.model
    def _find(self, account, found):
        """The order that a page (``types.Checkout``) is of; empty for one that somebody else made."""
        orders, key = self.sudo(), found.reference or found.metadata.get('saas_checkout', '')
        return orders.search([('key', '=', key)]) or orders.search(
            [('account_id', '=', account.id), ('session', '=', found.id)])

    @api.model
    def _reconcile(self, account, found, subscription=None):
        """Bring the order in line with its page (``types.Checkout``) as Stripe has it now; returns the effect in words.

        ``subscription``: what the page has led to (``types.Subscription``), where that was read already. Otherwise the
        record here counts, and only where there is none Stripe is asked.
        """
        checkout = self._find(account, found)
        return checkout._take(account, found, subscription) if checkout else _('It is no order of ours.')

    def _take(self, account, found, subscription):
        if found.status == 'expired':
            return self._note_expired(found)
        if found.status != 'complete' or not found.subscription:
            return _('The payment page is open yet.')
        record = self.env['saas.subscription'].sudo().search([
            ('account_id', '=', account.id), ('stripe_id', '=', found.subscription)])
        if not record and not subscription:
            subscription = account._api().read_subscription(found.subscription)
        status = subscription.status if subscription else record.status
        if found.payment_status == 'unpaid' and status in (*ENDED, 'incomplete'):
            return self._note_processing(found, status)
        return self._complete(account, found, record, subscription)

    def _note_expired(self, found):
        if self.session != found.id:
            return _('An older payment page expired.')
        self.page_open = False
        if self.state != 'open':
            return _('Nothing changed.')
        self._give_up('expired')
        return _('The payment page expired unpaid: the order is given up.')

    def _note_processing(self, found, status):
        """A bank that takes its time: days, with some. Whether it said no shows in the subscription alone."""
        if self.state not in WAITING:
            return _('Nothing changed.')
        if status in ENDED:
            self.write({'state': 'new', 'session': False, 'page_open': False, 'url': False, 'expires_at': False})
            return _('The payment did not arrive: it can be paid again.')
        self.write({'state': 'processing', 'session': found.id, 'page_open': False, 'url': False})
        return _('The payment is under way.')

    def _complete(self, account, found, record, subscription):
        """It is paid, or a trial was begun: the tenant, made again if need be, follows its subscription."""
        if self.surplus == found.subscription:
            return _('It is one too many, and staff know.')
        if self.state != 'complete' or self.subscription_id.stripe_id != found.subscription:
            is_over = (subscription or record).status in ENDED
            problem = not is_over and self._take_tenant(found.subscription)
            if problem:
                return self._too_many(found.subscription, record, problem)
        effect = ''
        if subscription:
            record, effect = record._reconcile(account, subscription)
        effect = ' '.join(filter(None, [effect, self._hand_over(record)]))
        if self.state != 'complete' or self.subscription_id != record:
            self.write({'account_id': account.id, 'state': 'complete', 'completed_at': self.completed_at or fields.Datetime.now(),
                        'url': False, 'page_open': False, 'session': found.id, 'subscription_id': record.id,
                        'price_id': (record.stripe_price_id.price_id or self.price_id).id})
            effect = ' '.join(filter(None, [_('The order is paid.'), effect]))
        return effect or _('Nothing changed.')

    def _hand_over(self, record):
        """A subscription that was read while the order had no tenant, as when it was given up."""
        if record.tenant_id or not self.tenant_id:
            return ''
        record.tenant_id = self.tenant_id
        record._choose()
        steps = record._follow()
        record.activity_feedback([ACTIVITY], feedback=_('It serves %s.', self.tenant_id.name))
        return ' '.join(steps or ())

    def _take_tenant(self, stripe_id):
        """See that there is a tenant to serve; False, or why there cannot be one."""
        if not self.tenant_id:
            problem = self._make_tenant_again()
            if problem:
                return problem
        tenant = self.tenant_id
        if tenant.state in ('deleting', 'deleted'):
            return _('%s is deleted.', tenant.name)
        living = self._living(tenant)
        if living and living.stripe_id != stripe_id:
            return _('%(tenant)s is paid for by %(other)s already.', tenant=tenant.name, other=living.stripe_id)
        return False

    def _make_tenant_again(self):
        """The order was given up, and its name freed, before the money came."""
        signup = self.signup_id
        if not signup:
            return _('%s is gone.', self.tenant_name)
        problem = self.env['saas.tenant']._name_problem(signup.name)
        if problem:
            return problem[1]
        try:
            with self.env.cr.savepoint():
                tenant = signup._draft_tenant(signup.name, self.partner_id)
                self.env.flush_all()
        except UniqueViolation:
            return self.env['saas.tenant']._name_message('taken')
        signup.tenant_id = self.tenant_id = tenant
        return False

    def _too_many(self, stripe_id, record, problem):
        """Nobody is served by it, so it is cancelled before it is charged again, and staff give the money back."""
        self.write({'surplus': stripe_id, 'surplus_cancelled': False, 'page_open': False,
                    **({'state': 'abandoned', 'url': False} if self.state in WAITING else {})})
        manager = self.env['saas.operation.subject']._attention_user()
        order = self.with_context(lang=manager.lang)
        note = _('%(customer)s has paid %(subscription)s for %(tenant)s, but: %(problem)s The subscription is being cancelled. '
                 'Give the money back in Stripe\'s dashboard and write to the customer.', customer=self.partner_id.name,
                 subscription=stripe_id, tenant=self.tenant_name, problem=problem)
        record.activity_unlink([ACTIVITY])      # it said less
        order.activity_schedule(ACTIVITY, user_id=manager.id, note=note, summary=_('Paid for nothing: give the money back'))
        self._tidy_soon()
        return _('Nothing to serve: %s It is cancelled, and staff are told.', problem)

    # -- giving up ------------------------------------------------------------------------------

    def _abandon(self):
        """Whoever ordered has changed his mind. What is open at Stripe is closed there by the cron, at once."""
        self._give_up('abandoned')
        if self.filtered('page_open'):
            self._tidy_soon()

    def _give_up(self, state):
        """Nobody paid: the name is free again. Only what the order itself had made goes."""
        for checkout in self.sudo().filtered(lambda order: order.state in WAITING):
            tenant = checkout.tenant_id
            checkout.write({'state': state, 'url': False})
            if checkout.signup_id and tenant.state == 'draft' and not tenant.subscription_ids:
                tenant.unlink()

    @api.model
    def _tidy_soon(self):
        cron = self.env.ref('saas_billing.cron_checkout_tidy', raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _cron_tidy(self):
        """Give up what nobody paid in time, after Stripe was asked once more, and cancel what is one too many."""
        transaction = self.env['saas.operation']._transaction
        surplus = [('surplus', '!=', False), ('surplus_cancelled', '=', False)]
        for checkout in transaction(lambda: self.search(surplus, limit=BATCH)):
            checkout._in_turn(checkout._cancel_surplus)
        for checkout in transaction(lambda: self.search([('state', 'not in', WAITING), ('page_open', '=', True)], limit=BATCH)
                                    | self.search(self._overdue(), limit=BATCH)):
            checkout._in_turn(checkout._tidy)

    @api.model
    def _overdue(self):
        now = fields.Datetime.now()
        begun = now - timedelta(hours=self.env['saas.billing.settings']._number('checkout_hours'))
        return [('state', 'in', WAITING), '|', ('expires_at', '<', now),
                '&', ('expires_at', '=', False), ('write_date', '<', begun)]

    def _in_turn(self, work):
        """One that fails stops no other and comes again with the next run."""
        try:
            work()
        except (DriverError, UserError) as error:
            _logger.info('Order %s: %s', self.key, error)
        except Exception:
            _logger.exception('Order %s failed; the next run tries again', self.key)
            self.env.cr.rollback()
            self.env.invalidate_all()
        commit_progress(self.env, 1)

    def _cancel_surplus(self):
        transaction = self.env['saas.operation']._transaction
        client, surplus = transaction(lambda: (self.account_id._api(), self.surplus))
        try:
            client.cancel(surplus, at_period_end=False)
        except NotFound:
            _logger.info('Subscription %s is gone at Stripe already.', surplus)
        transaction(lambda: self.write({'surplus_cancelled': True}))

    def _tidy(self):
        transaction = self.env['saas.operation']._transaction
        account, session = transaction(lambda: (self.account_id, self.session))
        found, subscription = None, None
        if session:
            client = transaction(account._api)
            with contextlib.suppress(NotFound):
                found, subscription = self._last_look(client, session)
        transaction(lambda: self._note_last_look(found, subscription))

    def _note_last_look(self, found, subscription):
        if found and found.status == 'complete' and found.id == self.session:
            self._take(self.account_id, found, subscription)
            self.page_open = False
        elif self.session == (found.id if found else self.session) and self.state != 'processing':
            self.page_open = False
            self._give_up('expired')

    def _last_look(self, client, session):
        """The page as it is after nobody can pay there any more, with its subscription."""
        found = client.read_checkout(session)
        if found.status == 'open':
            found = client.expire_checkout(session)
        paid = found.status == 'complete' and found.subscription
        return found, client.read_subscription(found.subscription) if paid else None
