"""The payment page of an order: made when a person wants to pay, the same one while it is open."""
import logging
from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import DriverError, NotFound

from ..drivers.types import CheckoutOrder
from .saas_checkout import GIVEN_UP

_logger = logging.getLogger(__name__)

LONGEST_HOURS = 24          # Stripe's limit
ROUND = 600                 # seconds: who asks again within a moment asks for the very same page
ATTEMPTS = 3


class SaasCheckout(models.Model):
    _inherit = 'saas.checkout'

    def _open_page(self, success_url, cancel_url):
        """Address of Stripe's payment page for this order. An outside call, for a person who waits.

        Where it was paid a moment ago, in another tab, it is ``success_url``. Raises UserError with what to do.
        """
        self.ensure_one()
        checkout = self.sudo()
        self.env.cr.execute(
            'SELECT id FROM saas_checkout WHERE id = %s FOR UPDATE NOWAIT', [self.id], log_exceptions=False)
        checkout.invalidate_recordset()
        checkout._check_payable()
        checkout._follow_account()
        return checkout.account_id._ask(lambda client: checkout._page(client, success_url, cancel_url))

    def _check_payable(self):
        if self.state == 'complete':
            raise UserError(_('This order is paid already.'))
        if self.state == 'processing':
            raise UserError(_('The payment is under way. Your bank has not answered yet; there is nothing more to do.'))
        if self.state in GIVEN_UP or not self.tenant_id:
            raise UserError(_('This order was given up, since nobody paid. Order again.'))

    def _follow_account(self):
        """Staff may have made another account current since the order: it is paid there."""
        current = self.env['saas.stripe.account']._current()
        if not current or current == self.account_id:
            return
        if self.session and self.account_id.has_key:
            self._close_page()
        self.write({'account_id': current.id, 'session': False, 'page_open': False, 'url': False, 'state': 'new'})

    def _close_page(self):
        """Should it be paid all the same, the order is found by its key."""
        try:
            found = self.account_id._ask(lambda client: client.expire_checkout(self.session))
        except UserError as error:
            _logger.warning('The payment page of order %s could not be closed: %s', self.key, error)
            return
        if found.status == 'complete':
            raise UserError(_('This order is paid already.'))

    def _page(self, client, success_url, cancel_url):
        price = self.price_id._mirror(self.account_id)
        if not price:
            raise UserError(self._not_offered())
        self.with_trial = self._with_trial(self.partner_id, self.plan_id)
        if self.session:
            url = self._page_there_is(client, price, success_url)
            if url:
                return url
        order = self._checkout_order(self._customer(client), price, success_url, cancel_url)
        found = self._make_page(client, order)
        self.write({'state': 'open', 'session': found.id, 'url': found.url, 'page_open': True, 'stripe_price_id': price.id,
                    'expires_at': found.expires_at or order['expires_at'], 'page_trial': self.with_trial})
        return found.url

    def _page_there_is(self, client, price, success_url):
        """Its address while it can be used; one that shows something else than is ordered is closed first."""
        found = client.read_checkout(self.session)
        if found.status == 'open' and (self.stripe_price_id != price or self.page_trial != self.with_trial):
            found = client.expire_checkout(self.session)
        if found.status == 'complete':
            return success_url          # Stripe's event is on its way
        return found.status == 'open' and (found.url or self.url)

    def _checkout_order(self, customer, price, success_url, cancel_url):
        hours = min(self.env['saas.billing.settings']._number('checkout_hours'), LONGEST_HOURS)
        until = fields.Datetime.now() + timedelta(hours=hours)
        plan = self.plan_id
        return {
            'key': self.key, 'customer': customer, 'lines': ((price.stripe_id, 1),), 'success_url': success_url,
            'cancel_url': cancel_url, 'expires_at': until - timedelta(seconds=until.timestamp() % ROUND),
            'trial_days': plan.trial_days if self.with_trial else 0,
            'card_always': not (self.with_trial and plan.payment == 'trial'),
            'promotion_codes': plan.allow_promotion_codes, 'automatic_tax': self.account_id.automatic_tax,
            'locale': self.tenant_id.lang, 'metadata': {
                **self.env['saas.stripe.price']._marks(), 'saas_checkout': self.key, 'saas_tenant': self.tenant_id.mark}}

    def _customer(self, client, lost=''):
        return self.env['saas.stripe.customer']._ensure(
            client, self.account_id, self.partner_id, self.tenant_id.email, self.tenant_id.lang, lost)

    def _make_page(self, client, order):
        """Asked again as another attempt where the former one, whose answer was lost, was for something else."""
        for _turn in range(ATTEMPTS):
            self.attempt += 1
            try:
                return client.make_checkout(CheckoutOrder(**order, attempt=self.attempt))
            except DriverError as error:
                param = getattr(error, 'values', {}).get('param')
                if param == 'expires_at':
                    order['expires_at'] = None      # its clock is another than ours: a sandbox's, or ours is wrong
                elif param == 'customer' and isinstance(error, NotFound):
                    order['customer'] = self._customer(client, order['customer'])
                elif error.problem != 'stripe_idempotency':
                    raise
        raise UserError(_('Stripe gives no payment page at this moment. Try again in a minute.'))
