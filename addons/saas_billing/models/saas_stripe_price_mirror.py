"""Bringing products and prices at Stripe in line with the plans: planned in the database first, then asked for one by one.

Killed anywhere it goes on: what is planned stands in the table, and what may have been made already is found by its
idempotency key or its metadata.
"""
import contextlib
import hashlib
import logging

from psycopg2.errors import UniqueViolation

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import AuthError, DriverError, NotFound

_logger = logging.getLogger(__name__)


class SaasStripePrice(models.Model):
    _inherit = 'saas.stripe.price'

    @api.model
    def _mirror_soon(self):
        cron = self.env.ref('saas_billing.cron_mirror', raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _cron_mirror(self):
        transaction = self.env['saas.operation']._transaction
        for account in transaction(self.env['saas.stripe.account']._usable):
            try:
                self._mirror_account(account)
            except (DriverError, UserError) as error:      # of the vault, or of a key that was taken away meanwhile
                _logger.info('Prices of %s: %s', account.name, error)

    @api.model
    def _mirror_account(self, account):
        transaction = self.env['saas.operation']._transaction
        if not transaction(lambda: self._plan_mirrors(account)):
            return
        client, wanted = transaction(lambda: (account._api(), self._work_of(account)))
        try:
            if any(wanted.values()):
                account._hold_identity(client)
                for name, records in wanted.items():
                    for record in records:
                        getattr(record, name)(client)
        except DriverError as error:        # of the whole account
            words = account._problem_text(error)
            transaction(lambda: wanted['_make'].exists().write({'error': words}))
            raise

    # -- what is to be there --------------------------------------------------------------------

    @api.model
    def _plan_mirrors(self, account):
        """Write down what is to be made and what is sold no more; False when another one does so at this moment."""
        sold = {(mirror.price_id, mirror.kind): mirror for mirror in self.search([
            ('account_id', '=', account.id), ('active', '=', True)])}
        wanted = self._wanted(account)
        same = {key for key, mirror in sold.items() if key in wanted and mirror._is_like(wanted[key])}
        try:
            with self.env.cr.savepoint():
                self.union(*(mirror for key, mirror in sold.items() if key not in same)).write({'active': False})
                self.flush_model()
                self.create([values for key, values in wanted.items() if key not in same])
                self.flush_model()
        except UniqueViolation:
            self._mirror_soon()
            return False
        return True

    @api.model
    def _wanted(self, account):
        """(price, kind) -> values of the mirror."""
        tax = ('inclusive' if account.tax_inclusive else 'exclusive') if account.automatic_tax else 'unspecified'
        return {(price, kind): {
            'account_id': account.id, 'price_id': price.id, 'kind': kind, 'unit_amount': price._units(kind),
            'currency_id': price.currency_id.id, 'interval': price.interval, 'tax_behavior': tax,
        } for price in self.env['saas.plan.price'].search([('active', '=', True)]) for kind in price._sold_kinds()}

    def _is_like(self, values):
        return (self.unit_amount, self.currency_id.id, self.interval, self.tax_behavior) == tuple(
            values[name] for name in ('unit_amount', 'currency_id', 'interval', 'tax_behavior'))

    @api.model
    def _work_of(self, account):
        """What has to be asked of Stripe: by method, the records it is for."""
        here = [('account_id', '=', account.id)]
        every = self.with_context(active_test=False)
        products = self.env['saas.stripe.product'].search(here)
        return {
            '_make': every.search(here + [('active', '=', True), ('stripe_id', '=', False)], order='id'),
            '_archive': every.search(here + [
                ('active', '=', False), ('stripe_id', '!=', False), ('archived_at_stripe', '=', False)], order='id'),
            '_rename': products.filtered(lambda product: product.name != product._wanted_name()),
        }

    # -- asking ---------------------------------------------------------------------------------

    def _make(self, client):
        """The price, after its product, unless they are there already."""
        transaction = self.env['saas.operation']._transaction
        try:
            product = transaction(lambda: self.env['saas.stripe.product']._of(self)) or self._make_product(client)
            order = transaction(lambda: self._order_values(product))
            found, turn = _find(client.list_prices(order['product']), order, ('currency', 'unit_amount', 'interval'))
            stripe_id = found.id if found else client.make_price(order_key('price', order, turn), **order)
            transaction(lambda: self._note_made(order['product'], stripe_id))
        except AuthError:
            raise
        except DriverError as error:
            self._note_error(error)

    def _make_product(self, client):
        transaction = self.env['saas.operation']._transaction
        order = transaction(self._product_values)
        found, turn = _find(client.list_products(), order)
        stripe_id = found.id if found else client.make_product(order_key('product', order, turn), **order)
        name = found.name if found else order['name']       # an old one follows in the next turn
        return transaction(lambda: self.env['saas.stripe.product']._note_made(self, stripe_id, name))

    def _archive(self, client):
        transaction = self.env['saas.operation']._transaction
        stripe_id = transaction(lambda: self.stripe_id)
        try:
            with contextlib.suppress(NotFound):
                client.archive_price(stripe_id)
        except AuthError:
            raise
        except DriverError as error:
            return self._note_error(error)
        transaction(lambda: self.write({'archived_at_stripe': True, 'error': False}))

    def _order_values(self, product):
        labels = dict(self._fields['kind']._description_selection(self.env))
        taxes = {'inclusive': True, 'exclusive': False}
        return {
            'product': product.stripe_id, 'currency': self.currency_id.name.lower(), 'unit_amount': self.unit_amount,
            'interval': self.interval, 'nickname': f'{self.plan_id.code} {labels[self.kind]} {self.interval}',
            'tax_inclusive': taxes.get(self.tax_behavior),
            'metadata': {**self._marks(), 'saas_price': str(self.id), 'saas_kind': self.kind}}

    def _product_values(self):
        product = self.env['saas.stripe.product'].new({'plan_id': self.plan_id.id, 'kind': self.kind})
        return {'name': product._wanted_name(), 'metadata': {
            **self._marks(), 'saas_product': f'{self.plan_id.id}-{self.kind}'}}

    @api.model
    def _marks(self):
        """By these another master on the same Stripe account is told from this one."""
        return {'saas_master': self.env['ir.config_parameter'].sudo().get_param('database.uuid') or ''}

    def _note_made(self, product, stripe_id):
        mirror = self.exists()
        if mirror and not mirror.stripe_id:
            mirror.write({'product': product, 'stripe_id': stripe_id, 'error': False})

    def _note_error(self, error):
        words = self.env['saas.stripe.account']._problem_text(error)
        _logger.info('Price #%s: %s', self.id, words)
        self.env['saas.operation']._transaction(lambda: self.exists().write({'error': words}))


class SaasStripeProduct(models.Model):
    _inherit = 'saas.stripe.product'

    @api.model
    def _of(self, mirror):
        return self.search([('account_id', '=', mirror.account_id.id), ('plan_id', '=', mirror.plan_id.id),
                            ('kind', '=', mirror.kind)])

    @api.model
    def _note_made(self, mirror, stripe_id, name):
        return self._of(mirror) or self.create({
            'account_id': mirror.account_id.id, 'plan_id': mirror.plan_id.id, 'kind': mirror.kind, 'stripe_id': stripe_id,
            'name': name})

    def _wanted_name(self):
        """As it stands on invoices, in the language of the company."""
        plan = self.plan_id.with_context(lang=self.env.company.partner_id.lang or 'en_US')
        if self.kind == 'user':
            return _('%s: further user', plan.name)
        return _('%s: extra domain', plan.name) if self.kind == 'domain' else plan.name

    def _rename(self, client):
        transaction = self.env['saas.operation']._transaction
        stripe_id, name = transaction(lambda: (self.stripe_id, self._wanted_name()))
        try:
            client.change_product(stripe_id, name=name)
        except AuthError:
            raise
        except DriverError as error:
            _logger.info('Product %s: %s', stripe_id, self.env['saas.stripe.account']._problem_text(error))
            return
        transaction(lambda: self.write({'name': name}))


def _find(known, order, same=()):
    """(what an interrupted attempt has made, or None; how many of its kind are of no use any more)."""
    ours = [one for one in known if one.metadata == order['metadata']]
    usable = [one for one in ours if one.active and all(getattr(one, name) == order[name] for name in same)]
    return usable[0] if usable else None, len(ours)


def order_key(what, order, turn=0):
    """The same order has the same key, killed and begun anew; another one never runs into the first one's answer."""
    told = repr((sorted(order.items(), key=str), turn)).encode()
    return f'saas-{what}-{hashlib.sha256(told).hexdigest()[:40]}'
