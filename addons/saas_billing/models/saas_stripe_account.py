import json
import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.const import NO_ACCESS
from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.series import UniqueIndex

API_BASE = 'https://api.stripe.com'
KEY = re.compile(r'(sk|rk)_(test|live)_[A-Za-z0-9_]+')
SIGNING_SECRET = re.compile(r'whsec_[A-Za-z0-9+/=_-]+')
SANDBOX_BASE = re.compile(r'(https://[A-Za-z0-9.-]+|http://(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\]))(:[0-9]+)?/?')
MOST_SECRETS = 5


class SaasStripeAccount(models.Model):
    """Access to one Stripe account in one mode. What it made is of no use to another, so every mirrored record names its
    account; the current one serves what is new."""

    _name = 'saas.stripe.account'
    _description = 'Stripe Account'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited']
    _order = 'is_current desc, id'

    _secret_fields = ('api_key', 'webhook_secret')

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    mode = fields.Selection([('sandbox', 'Sandbox'), ('test', 'Test mode'), ('live', 'Live')], required=True, default='test')
    is_sandbox = fields.Boolean('Is a Sandbox', compute='_compute_is_sandbox', store=True,
                                help='A stand-in of Stripe: no money moves.')
    is_current = fields.Boolean('Current', readonly=True, copy=False, help='New orders are paid here.')
    api_base = fields.Char('Stripe API', required=True, default=API_BASE)
    api_key = fields.Char('Secret Key', compute='_compute_secret', inverse='_inverse_api_key',
                          help='Write-only: kept sealed and never shown again.')
    api_key_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    has_key = fields.Boolean(compute='_compute_has_key', compute_sudo=True)
    webhook_secret = fields.Char('Signing Secret', compute='_compute_secret', inverse='_inverse_webhook_secret',
                                 help='Entering another one adds it: the former ones are accepted until they are removed.')
    webhook_secrets_sealed = fields.Text(groups=NO_ACCESS, copy=False, help='A list, newest first, sealed as a whole.')
    webhook_secret_count = fields.Integer('Signing Secrets', readonly=True, copy=False)
    webhook_endpoint = fields.Char(readonly=True, copy=False, help='Stripe\'s id of it.')
    account_id = fields.Char('Account ID', readonly=True, copy=False)
    portal_configuration = fields.Char(readonly=True, copy=False, help='Stripe\'s id of the customer portal\'s configuration.')
    automatic_tax = fields.Boolean('Stripe Tax', help='Stripe computes the tax of every invoice. Set it up at Stripe first.')
    tax_inclusive = fields.Boolean('Prices include Tax', help='Otherwise Stripe Tax adds it. Another choice makes new prices.')
    events_read_to = fields.Datetime('Events read up to', readonly=True, copy=False)
    last_event_at = fields.Datetime('Last Delivery', readonly=True, copy=False)

    _current_uniq = UniqueIndex('(is_current) WHERE is_current', 'One account is the current one.')
    _account_uniq = UniqueIndex('(account_id, mode, api_base) WHERE account_id IS NOT NULL AND active',
                                'This account of Stripe\'s is entered already.')

    @api.depends('mode')
    def _compute_is_sandbox(self):
        for account in self:
            account.is_sandbox = account.mode == 'sandbox'

    def _compute_secret(self):
        self.api_key = self.webhook_secret = False

    @api.depends('api_key_sealed')
    def _compute_has_key(self):
        for account in self:
            account.has_key = bool(account.api_key_sealed)

    def _inverse_api_key(self):
        for account in self.filtered('api_key'):
            self.env['saas.step.up']._require('secret')
            key = account.api_key.strip()
            if not KEY.fullmatch(key):
                raise UserError(_('This is no secret key of Stripe: these begin with sk_test_, sk_live_, rk_test_ or rk_live_. '
                                  'A publishable key (pk_) is not enough.'))
            account._check_mode(key)
            account.sudo().write({'api_key_sealed': account._seal(key), 'health': 'unknown'})
            self.env['saas.audit']._note('change_secret', account, 'api_key')
            account._mirror_soon()
        self.invalidate_recordset(['api_key'], flush=False)     # not even this transaction reads it back

    def _inverse_webhook_secret(self):
        for account in self.filtered('webhook_secret'):
            self.env['saas.step.up']._require('secret')
            secret = account.webhook_secret.strip()
            if not SIGNING_SECRET.fullmatch(secret):
                raise UserError(_('This is no signing secret: it begins with whsec_. Copy it from the endpoint at Stripe.'))
            account._add_signing_secret(secret)
            self.env['saas.audit']._note('change_secret', account, 'webhook_secret')
        self.invalidate_recordset(['webhook_secret'], flush=False)

    @api.constrains('mode', 'api_base')
    def _check_api_base(self):
        for account in self:
            if account.mode != 'sandbox':
                if account.api_base != API_BASE:
                    raise ValidationError(_(
                        'In test mode and live Stripe\'s API is %s. Only a sandbox has another address.', API_BASE))
            elif account.api_base == API_BASE:
                raise ValidationError(_('Stripe itself is no sandbox: choose test mode, or enter the address of the stand-in.'))
            elif not SANDBOX_BASE.fullmatch(account.api_base):
                raise ValidationError(_('"%s" is no address of a sandbox. It looks like http://127.0.0.1:8085, or begins with '
                                        'https:// if it is not on this machine.', account.api_base))
            if account.sudo().api_key_sealed:
                account._check_mode(account._open_key())

    @api.constrains('active', 'is_current')
    def _check_current(self):
        if any(account.is_current and not account.active for account in self):
            raise ValidationError(_('New orders are paid at this account. Make another one current before you archive it.'))

    # -- CRUD -----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._guard(vals)
        return super().create(vals_list)

    def _guard(self, vals):
        """Where money goes is changed by the button, or by who has proven who he is."""
        if vals.get('is_current') and not self.env.su:
            self.env['saas.step.up']._require('secret')

    def write(self, vals):
        """What was made in one mode is unknown in the other, so an account in use stays what it is."""
        self._guard(vals)
        if 'mode' in vals and any(account.mode != vals['mode'] and account._is_used() for account in self):
            raise UserError(_('Something was made at Stripe by this account already, and test and live never mix. '
                              'Make a new account for the other mode.'))
        result = super().write(vals)
        if {'automatic_tax', 'tax_inclusive', 'active'} & vals.keys():
            self._mirror_soon()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_unused(self):
        if any(account._is_used() for account in self):
            raise UserError(_('Something was made at Stripe by this account already. Archive it instead.'))

    def _is_used(self):
        self.ensure_one()
        here = [('account_id', '=', self.id)]
        return any(self.env[model].sudo().with_context(active_test=False).search_count(here + more, limit=1) for model, more in (
            ('saas.subscription', []), ('saas.stripe.customer', []), ('saas.stripe.price', [('stripe_id', '!=', False)])))

    # -- secrets --------------------------------------------------------------------------------

    @api.model
    def _seal(self, text):
        try:
            return Vault.from_environment().seal(text)
        except DriverError as error:
            raise UserError(str(error)) from error

    def _open_key(self):
        """The key itself; DriverError where the vault cannot open it."""
        self.ensure_one()
        sealed = self.sudo().api_key_sealed
        return Vault.from_environment().open(sealed) if sealed else ''

    def _signing_secrets(self):
        """Newest first; all of them count."""
        self.ensure_one()
        sealed = self.sudo().webhook_secrets_sealed
        return json.loads(Vault.from_environment().open(sealed)) if sealed else []

    def _add_signing_secret(self, secret):
        try:
            known = self._signing_secrets()
        except DriverError as error:
            raise UserError(str(error)) from error
        self._keep_signing_secrets([secret, *(old for old in known if old != secret)][:MOST_SECRETS])

    def _keep_signing_secrets(self, secrets):
        self.sudo().write({'webhook_secrets_sealed': self._seal(json.dumps(secrets)), 'webhook_secret_count': len(secrets)})

    def _check_mode(self, key):
        """A key of the other mode is never kept: what it makes would be mixed up with ours."""
        self.ensure_one()
        is_live = '_live_' in key[:8]
        if is_live != (self.mode == 'live'):
            raise UserError(
                _('This is a live key, and the account is in test mode. Make an account in live mode for it.') if is_live else
                _('This is a test key, and the account is live. Enter the live key, or make an account in test mode for it.'))

    # -- which one ------------------------------------------------------------------------------

    @api.model
    def _current(self):
        """Where new orders are paid; empty as long as there is none."""
        return self.sudo().search([('is_current', '=', True), ('active', '=', True)], limit=1)

    @api.model
    def _usable(self):
        """All that can be asked, for crons."""
        return self.sudo().search([('active', '=', True), ('api_key_sealed', '!=', False)])

    def _mirror_soon(self):
        self.env['saas.stripe.price']._mirror_soon()
