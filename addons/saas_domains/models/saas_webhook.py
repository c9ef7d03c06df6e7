"""Webhooks: who wants to be told of what, and the one place where state changes are announced."""
import ipaddress
import uuid
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.const import NO_ACCESS
from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.series import Constraint

from ..edge import webhook, webhook_target

TENANT_EVENTS = ('provisioning', 'running', 'suspended', 'resumed', 'failed', 'deleted')
DOMAIN_EVENTS = (
    'added', 'verified', 'failed', 'active', 'left', 'back', 'unpublished', 'contested', 'lost', 'removed', 'primary',
    'certificate')
EVENTS = (*(f'tenant.{what}' for what in TENANT_EVENTS), *(f'domain.{what}' for what in DOMAIN_EVENTS))
PING = 'ping'               # to one endpoint alone, when somebody asks for it
GROUPS = {'tenant.*': TENANT_EVENTS, 'domain.*': DOMAIN_EVENTS}
ROLL_HOURS = 24             # both secrets sign for so long
GIVE_UP_DAYS = 3
NAME_LENGTH = 80


class SaasWebhook(models.Model):
    """An endpoint of a customer, or of staff when it has none, that is told of state changes.

    A customer's is told of his own company's tenants and domains only. It is never deleted at once: a state change that
    announces itself at that moment must not fail for it.
    """

    _name = 'saas.webhook'
    _description = 'Webhook'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited']
    _order = 'id desc'
    _secret_fields = ('secret_sealed', 'old_secret_sealed', 'old_secret_until', 'secret_shown')

    name = fields.Char(required=True, size=NAME_LENGTH)
    active = fields.Boolean(default=True, readonly=True, copy=False)
    url = fields.Char('Address', required=True, help='It begins with https:// and leads to a host on the public internet.')
    partner_id = fields.Many2one('res.partner', 'Customer', index=True, ondelete='cascade', domain=[('parent_id', '=', False)],
                                 help='It is told of what is this customer\'s; without one of everything, for staff.')
    events = fields.Char(help='Separated by commas, such as "tenant.running, domain.*"; empty: all of them.')
    state = fields.Selection([('live', 'Live'), ('paused', 'Paused')], required=True, default='live', readonly=True,
                             copy=False, index=True, tracking=True)
    pause_reason = fields.Selection([('person', 'By hand'), ('failing', 'It failed for too long')], readonly=True, copy=False)
    failing_since = fields.Datetime(readonly=True, copy=False, help='Every attempt since then has failed.')
    noticed_at = fields.Datetime(readonly=True, copy=False)
    delivery_ids = fields.One2many('saas.webhook.delivery', 'webhook_id', readonly=True)
    delivery_count = fields.Integer('Deliveries', compute='_compute_counts')
    waiting_count = fields.Integer('Waiting', compute='_compute_counts')
    failed_count = fields.Integer('Given up', compute='_compute_counts')

    secret_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    old_secret_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    old_secret_until = fields.Datetime('Old secret signs until', readonly=True, copy=False)
    secret_shown = fields.Boolean(readonly=True, copy=False)

    _paused_reason_set = Constraint("CHECK ((state = 'paused') = (pause_reason IS NOT NULL))", 'What is paused has a reason.')

    def _compute_counts(self):
        rows = self.env['saas.webhook.delivery'].sudo()._read_group(
            [('webhook_id', 'in', self.ids)], ['webhook_id', 'state'], ['__count'])
        counts = {(hook.id, state): count for hook, state, count in rows}
        for hook in self:
            by_state = {state: counts.get((hook.id, state), 0) for state in ('pending', 'delivered', 'failed')}
            hook.delivery_count, hook.waiting_count = sum(by_state.values()), by_state['pending']
            hook.failed_count = by_state['failed']

    @api.constrains('url')
    def _check_url(self):
        rules = self._rules()
        for hook in self:
            try:
                webhook_target.parse(hook.url, rules)
            except DriverError as error:
                raise ValidationError(self._url_message(error.problem)) from error

    @api.constrains('events')
    def _check_events(self):
        for hook in self:
            if unknown := [code for code in hook._wanted() if code not in (*EVENTS, *GROUPS)]:
                raise ValidationError(_('There is no event "%(event)s". Choose among these: %(events)s.',
                                        event=unknown[0], events=', '.join((*GROUPS, *EVENTS))))

    # -- CRUD -----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        hooks = super().create([self._tidy(vals) for vals in vals_list])
        for hook in hooks.sudo():
            hook.secret_sealed = self._sealed(webhook.new_secret())
        return hooks

    def write(self, vals):
        return super().write(self._tidy(vals))

    @api.model
    def _tidy(self, vals):
        """The address as it is sent to, events as codes in their order; what is wrong is left to the constraints."""
        vals = dict(vals)
        if vals.get('url'):
            try:
                vals['url'] = webhook_target.parse(vals['url'].strip(), self._rules()).url
            except DriverError:
                vals['url'] = vals['url'].strip()
        if 'events' in vals:
            codes = dict.fromkeys(code.strip() for code in (vals['events'] or '').split(',') if code.strip())
            vals['events'] = ', '.join(codes) or False
        return vals

    @api.autovacuum
    def _forget_removed(self):
        """Nothing still refers to what was removed a day ago."""
        self.with_context(active_test=False).search(
            [('active', '=', False), ('write_date', '<', fields.Datetime.now() - timedelta(days=1))]).unlink()

    # -- announcing -----------------------------------------------------------------------------

    @api.model
    def _announce(self, event, records, **details):
        """Write one delivery for each of ``records`` and each endpoint that wants to know, in the present transaction.

        So nothing is lost, and what is rolled back was never announced. ``details`` are JSON values beside the record's
        own. Nothing is sent here.
        """
        if event not in EVENTS:
            raise ValueError(f'{event} is no event.')
        records = records.sudo()
        hooks = self.sudo().search([('partner_id', 'in', [False, *records.partner_id.ids])])
        hooks = hooks.filtered(lambda hook: hook._wants(event))
        rows = [hook._delivery(event, {**record._webhook_data(), **details}, record)
                for record in records for hook in hooks if not hook.partner_id or hook.partner_id == record.partner_id]
        return self.env['saas.webhook.delivery'].sudo()._queue(rows)

    def _delivery(self, event, data, record=None):
        number, now = str(uuid.uuid4()), fields.Datetime.now()
        return {
            'webhook_id': self.id, 'number': number, 'event': event, 'next_at': now,
            'give_up_at': now + timedelta(days=GIVE_UP_DAYS), 'subject': record.display_name if record else self.name,
            'res_model': record and record._name, 'res_id': record and record.id,
            'payload': webhook.new_body(number, event, f'{now.isoformat()}Z', data).decode()}

    def _wanted(self):
        return [code.strip() for code in (self.events or '').split(',') if code.strip()]

    def _wants(self, event):
        wanted = self._wanted()
        return not wanted or event in wanted or f'{event.partition(".")[0]}.*' in wanted

    def _event_codes(self):
        """Every single event it is told of."""
        return [event for event in EVENTS if self._wants(event)]

    @api.model
    def _event_labels(self):
        """Event -> what a person reads of it, in the order of EVENTS."""
        texts = (
            _('A tenant is being set up'), _('A tenant runs for the first time'), _('A tenant was closed'),
            _('A tenant was opened again'), _('A tenant could not be set up'), _('A tenant was deleted'),
            _('A domain was added'), _('A domain was verified'), _('A domain could not be verified or published'),
            _('A domain is active'), _('A domain points elsewhere'), _('A domain leads here again'),
            _('A domain was unpublished'), _('A domain was proven by another customer'), _('A domain was lost'),
            _('A domain was removed'), _('A domain became the primary one'), _('The certificate of a domain is in trouble'))
        return dict(zip(EVENTS, texts, strict=True))

    # -- secrets --------------------------------------------------------------------------------

    @api.model
    def _sealed(self, secret):
        try:
            return Vault.from_environment().seal(secret)
        except DriverError as error:
            raise UserError(str(error)) from error

    def _roll(self):
        """A new secret, in clear; the one before signs along with it for a day, the one before that no more."""
        self.ensure_one()
        secret, hook = webhook.new_secret(), self.sudo()
        hook.write({'old_secret_sealed': hook.secret_sealed, 'secret_sealed': self._sealed(secret), 'secret_shown': True,
                    'old_secret_until': fields.Datetime.now() + timedelta(hours=ROLL_HOURS)})
        return secret

    def _keys(self):
        """What signs at present, the newest first. Raises Permanent without the vault's key."""
        hook, vault = self.sudo(), Vault.from_environment()
        sealed = [hook.secret_sealed]
        if hook.old_secret_sealed and hook.old_secret_until and hook.old_secret_until > fields.Datetime.now():
            sealed.append(hook.old_secret_sealed)
        return tuple(vault.open(token) for token in sealed if token)

    # -- where to -------------------------------------------------------------------------------

    @api.model
    def _rules(self):
        """By system parameters ``saas_domains.webhook_allow_local`` (tests only) and ``saas_domains.webhook_denied``."""
        parameters = self.env['ir.config_parameter'].sudo()
        return webhook_target.Rules(
            allow_local=parameters.get_param('saas_domains.webhook_allow_local') in ('1', 'True', 'true'),
            denied=self._networks(parameters.get_param('saas_domains.webhook_denied')))

    @api.model
    def _networks(self, text):
        """Of 203.0.113.0/24, 2001:db8::/32 …; UserError for anything else."""
        try:
            return tuple(ipaddress.ip_network(word, strict=False) for word in (text or '').replace(',', ' ').split())
        except ValueError as error:
            raise UserError(_('Networks without webhooks are written like 203.0.113.0/24, with commas between them: %s',
                              error)) from error

    @api.model
    def _url_message(self, code):
        return {
            'form': _('This is no web address. It looks like https://hooks.example.com/saas.'),
            'scheme': _('The address has to begin with https://.'),
            'credentials': _('An address with a user name or password in it is not kept. Check our signature instead.'),
            'host': _('The host of this address is not written as it has to be. Use its name, such as hooks.example.com.'),
            'port': _('Nothing is sent to this port. Use 443, or one from 1024 that no other service is known by.'),
            'not_public': _('This host is not on the public internet. Use one that everybody can reach.'),
        }[code]
