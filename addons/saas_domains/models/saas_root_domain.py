import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.const import NO_ACCESS
from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.series import Constraint
from odoo.addons.saas_master.step_up import step_up

API_BASE = 'https://api.cloudflare.com/client/v4'
RESOLVERS = '1.1.1.1\n8.8.8.8\n9.9.9.9'
PREFIX = re.compile(r'[a-z0-9]+(-[a-z0-9]+)*')
IDENTIFIER = re.compile(r'[A-Za-z0-9._-]+')


class SaasRootDomain(models.Model):
    """A domain of ours that tenants and custom domains have names under, with its zone, tunnel and resolvers."""

    _name = 'saas.root_domain'
    _description = 'Root Domain'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited']
    _order = 'sequence, id'

    _secret_fields = ('api_token',)

    name = fields.Char(required=True, help='For instance sajet.us; in ASCII.')
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_sandbox = fields.Boolean('Sandbox', help='Its Cloudflare is a stand-in: nobody outside sees what is published here.')

    cloudflare_account = fields.Char(help='Account ID.')
    cloudflare_zone = fields.Char(help='Zone ID.')
    api_base = fields.Char('Cloudflare API', required=True, default=API_BASE)
    api_token = fields.Char('API Token', compute='_compute_secret', inverse='_inverse_api_token',
                            help='Write-only: kept sealed and never shown again.')
    api_token_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    has_token = fields.Boolean(compute='_compute_has_token', compute_sudo=True)

    tunnel_id = fields.Char(help='ID of the tunnel.')
    edge_mode = fields.Selection([
        ('wildcard', 'One wildcard for all names'), ('per-host', 'A record and a rule for each name')],
        required=True, default='wildcard')
    tunnel_management = fields.Selection([('remote', 'Cloudflare\'s API'), ('local', 'config.yml')],
                                         required=True, default='remote')
    origin_service = fields.Char(required=True, default='http://127.0.0.1:8080',
                                 help='The router as cloudflared reaches it.')
    fallback_origin = fields.Char(help='Host that custom hostnames are led to, for instance fallback.sajet.us.')

    node_id = fields.Many2one('saas.node', 'Machine of cloudflared', ondelete='restrict', index=True,
                              help='How config.yml is reached.')
    config_path = fields.Char(default='/etc/cloudflared/config.yml')
    credentials_path = fields.Char('Credentials File', help='Of the tunnel, as config.yml names it.')
    cloudflared_command = fields.Char(default='cloudflared')
    reload_mode = fields.Selection([('replica', 'Second replica takes over'), ('command', 'Command')],
                                   required=True, default='replica')
    reload_command = fields.Char(default='systemctl restart cloudflared')

    txt_prefix = fields.Char('Prefix of TXT Records', required=True, default='saas')
    dns_servers = fields.Text('Resolvers', required=True, default=RESOLVERS, help='An address a line, with :port if not 53.')
    probe_url = fields.Char('Probe by', help='Address that stands for the edge; empty: the public one, by HTTPS.')
    grace_days = fields.Integer(default=7, required=True, help='How long a name that points elsewhere stays published.')

    record_quota = fields.Integer('Records Allowed', readonly=True, copy=False)
    record_used = fields.Integer('Records', readonly=True, copy=False)
    hostname_quota = fields.Integer('Custom Hostnames Allowed', readonly=True, copy=False)
    hostname_used = fields.Integer('Custom Hostnames', readonly=True, copy=False)
    health = fields.Selection([('unknown', 'Unknown'), ('ok', 'Healthy'), ('bad', 'Needs attention')],
                              default='unknown', required=True, readonly=True, copy=False, index=True)
    health_checked_at = fields.Datetime('Checked at', readonly=True, copy=False)
    health_looks = fields.Json(readonly=True, copy=False)
    health_note = fields.Text('What is Wrong', compute='_compute_health_words')
    health_list = fields.Html('Checks', compute='_compute_health_words', sanitize=False)
    tunnel_status = fields.Char(readonly=True, copy=False)
    tunnel_version = fields.Integer('Configuration Version', readonly=True, copy=False)
    tunnel_is_ours = fields.Boolean(readonly=True, copy=False, help='Its document was written by us, or agreed to by a person.')
    connector_count = fields.Integer('Connectors', readonly=True, copy=False)
    connectors_current = fields.Integer('Connectors with this Version', readonly=True, copy=False)
    synced_at = fields.Datetime('Compared at', readonly=True, copy=False)
    sync_error = fields.Text(readonly=True, copy=False)
    held_plan = fields.Json(readonly=True, copy=False, help='Changes that wait for a person: too many at once.')
    held_text = fields.Text('Waits for a Person', compute='_compute_held_text')
    hostnames_read_at = fields.Datetime(readonly=True, copy=False)

    domain_ids = fields.One2many('saas.custom_domain', 'root_domain_id')
    domain_count = fields.Integer(compute='_compute_domain_count')

    _name_form = Constraint(
        "CHECK (name ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' AND length(name) <= 200)",
        'A root domain is written in ASCII and lower case, like sajet.us, without a dot at its end.')
    _name_uniq = Constraint('UNIQUE (name)', 'Another root domain has this name already.')
    _grace_positive = Constraint('CHECK (grace_days >= 0)', 'Days cannot be negative.')

    def _compute_secret(self):
        self.api_token = False

    @api.depends('api_token_sealed')
    def _compute_has_token(self):
        for root in self:
            root.has_token = bool(root.api_token_sealed)

    def _compute_domain_count(self):
        counts = dict(self.env['saas.custom_domain'].sudo()._read_group(
            [('root_domain_id', 'in', self.ids), ('lost_at', '=', False)], ['root_domain_id'], ['__count']))
        for root in self:
            root.domain_count = counts.get(root, 0)

    def _inverse_api_token(self):
        for root in self.filtered('api_token'):
            self.env['saas.step.up']._require('secret')
            try:
                root.sudo().api_token_sealed = Vault.from_environment().seal(root.api_token)
            except DriverError as error:
                raise UserError(str(error)) from error
            self.env['saas.audit']._note('change_secret', root, 'api_token')
            root._reconcile_soon()
        self.invalidate_recordset(['api_token'], flush=False)       # not even this transaction reads it back

    @api.constrains('txt_prefix', 'cloudflare_account', 'cloudflare_zone', 'tunnel_id')
    def _check_words(self):
        for root in self:
            if not PREFIX.fullmatch(root.txt_prefix):
                raise ValidationError(_('The prefix of TXT records has lower-case letters, digits and single hyphens.'))
            for name in ('cloudflare_account', 'cloudflare_zone', 'tunnel_id'):
                if root[name] and not IDENTIFIER.fullmatch(root[name]):
                    raise ValidationError(_('"%s" is no identifier of Cloudflare. Copy it from the dashboard.', root[name]))

    @api.constrains('tunnel_id', 'edge_mode', 'origin_service', 'active')
    def _check_catch_all(self):
        """A custom name is served by the last rule of its tunnel, and a document has but one."""
        for root in self.filtered(lambda root: root.active and root.tunnel_id and root.edge_mode == 'wildcard'):
            other = self.search([('id', '!=', root.id), ('tunnel_id', '=', root.tunnel_id), ('edge_mode', '=', 'wildcard'),
                                 ('origin_service', '!=', root.origin_service)], limit=1)
            if other:
                raise ValidationError(_(
                    '%(other)s has one wildcard on the same tunnel and leads to %(service)s: custom domains cannot be led to '
                    'two routers by one tunnel. Enter the same service, another tunnel, or choose a rule for each name.',
                    other=other.name, service=other.origin_service))

    # -- buttons ------------------------------------------------------------------------------

    @step_up('secret')
    def action_change_token(self):
        """The view for it: saas_domains.saas_root_domain_view_form_token."""
        self.ensure_one()
        view = self.env.ref('saas_domains.saas_root_domain_view_form_token')
        return {'type': 'ir.actions.act_window', 'name': _('Change the Token'), 'res_model': self._name, 'res_id': self.id,
                'views': [(view.id, 'form')], 'target': 'new'}

    def action_view_domains(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Domains'), 'res_model': 'saas.custom_domain',
                'view_mode': 'list,kanban,form', 'domain': [('root_domain_id', '=', self.id)]}
