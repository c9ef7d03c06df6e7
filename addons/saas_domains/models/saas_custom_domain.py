import secrets

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.const import STAFF
from odoo.addons.saas_master.models.saas_operation import STATES as OPERATION_STATES
from odoo.addons.saas_master.series import Constraint, UniqueIndex

from ..const import ALERTS, LOST, SSL, TRANSITIONS, VERIFICATION

# What only code writes; a person has buttons.
FIXED = {'external_domain', 'partner_id', 'sajet_subdomain', 'root_domain_id'}
OURS = {'verification_status', 'verified_at', 'cloudflare_dns_record_id', 'cloudflare_hostname_id', 'cloudflare_configured',
        'tunnel_ingress_configured', 'is_routed', 'to_publish', 'ssl_status', 'is_active', 'is_primary', 'lost_at',
        'lost_reason', 'left_at', 'verification_token', 'nonce'}


class SaasCustomDomain(models.Model):
    """A customer's own name for his tenant: a claim until it is proven, then published at the edges.

    Claims that ended stay on record: what another customer once proved here is no proof for the next one.
    """

    _name = 'saas.custom_domain'
    _description = 'Custom Domain'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited', 'saas.operation.subject']
    _order = 'id desc'
    _rec_name = 'display_domain'

    partner_id = fields.Many2one('res.partner', 'Customer', required=True, ondelete='cascade')
    tenant_id = fields.Many2one('saas.tenant', ondelete='set null', tracking=True)
    root_domain_id = fields.Many2one('saas.root_domain', required=True, ondelete='restrict', index=True)
    node_id = fields.Many2one(related='tenant_id.node_id')
    external_domain = fields.Char('Domain', required=True, index=True, copy=False, help='As the DNS has it, in ASCII.')
    display_domain = fields.Char('Name', compute='_compute_names', store=True, help='As people see it.')
    registrable = fields.Char(compute='_compute_names', store=True, help='The part that somebody has registered.')
    is_apex = fields.Boolean('Without www', compute='_compute_names', store=True)
    sajet_subdomain = fields.Char('Subdomain', required=True, copy=False)
    sajet_full_domain = fields.Char('Name under our Domain', compute='_compute_full_domain', store=True, index=True)

    verification_status = fields.Selection(VERIFICATION, 'Verification', required=True, default='pending', readonly=True,
                                           copy=False, tracking=True)
    verification_token = fields.Char(readonly=True, copy=False, required=True)
    verified_at = fields.Datetime(readonly=True, copy=False)
    txt_required = fields.Boolean('Needs the TXT Record', compute='_compute_txt_required', compute_sudo=True)

    cloudflare_dns_record_id = fields.Char('Record ID', readonly=True, copy=False, groups=STAFF)
    cloudflare_hostname_id = fields.Char('Custom Hostname ID', readonly=True, copy=False, groups=STAFF)
    cloudflare_configured = fields.Boolean(default=False, readonly=True, copy=False)
    tunnel_ingress_configured = fields.Boolean('Tunnel Configured', default=False, readonly=True, copy=False)
    to_publish = fields.Boolean(default=False, readonly=True, copy=False, help='The edges serve it, or are about to.')
    is_routed = fields.Boolean('Routed', default=False, readonly=True, copy=False)
    is_route_live = fields.Boolean(default=False, readonly=True, copy=False, help='The router has the route.')
    ssl_status = fields.Selection(SSL, 'Certificate', required=True, default='none', readonly=True, copy=False, tracking=True)
    ssl_expires_at = fields.Datetime('Certificate until', readonly=True, copy=False)
    ssl_checked_at = fields.Datetime(readonly=True, copy=False)
    hostname_status = fields.Char(readonly=True, copy=False, groups=STAFF, help='Cloudflare\'s own words.')
    ssl_words = fields.Char(readonly=True, copy=False, groups=STAFF, help='Cloudflare\'s own words.')
    is_active = fields.Boolean('Active', default=False, readonly=True, copy=False, tracking=True)
    is_primary = fields.Boolean('Primary', default=False, readonly=True, copy=False, tracking=True)
    activated_at = fields.Datetime('Active since', readonly=True, copy=False)
    nonce = fields.Char(readonly=True, copy=False, groups=STAFF, default=lambda self: secrets.token_hex(16))

    check_count = fields.Integer(readonly=True, copy=False)
    next_check_at = fields.Datetime('Next Check', readonly=True, copy=False)
    checked_at = fields.Datetime('Last Check', readonly=True, copy=False)
    trying_since = fields.Datetime(readonly=True, copy=False)
    last_outcome = fields.Selection([('yes', 'Points here'), ('no', 'Does not point here'), ('unknown', 'Could not ask')],
                                    'Last Result', readonly=True, copy=False)
    last_code = fields.Char(readonly=True, copy=False)
    last_evidence = fields.Char(readonly=True, copy=False)
    last_expected = fields.Char('Expected', readonly=True, copy=False)
    last_found = fields.Json('Found', readonly=True, copy=False)
    last_warnings = fields.Json(readonly=True, copy=False)
    provider = fields.Char('DNS Provider', readonly=True, copy=False)

    points_here = fields.Boolean(default=False, readonly=True, copy=False, help='As far as the last check could see.')
    left_at = fields.Datetime('Points elsewhere since', readonly=True, copy=False)
    unpublish_at = fields.Datetime('Unpublished on', readonly=True, copy=False)
    proved_at = fields.Datetime(readonly=True, copy=False, help='Proven while another customer still held it.')
    contested_by_id = fields.Many2one('saas.custom_domain', 'Proven by', readonly=True, copy=False, ondelete='set null',
                                      groups=STAFF)
    contest_ends_at = fields.Datetime('Passes on', readonly=True, copy=False)
    lost_at = fields.Datetime('Ended', readonly=True, copy=False)
    lost_reason = fields.Selection(LOST, 'Why it ended', readonly=True, copy=False)
    claim_state = fields.Selection([('living', 'Living'), ('ended', 'Ended')], compute='_compute_claim_state', store=True)
    alert = fields.Selection(ALERTS, readonly=True, copy=False)
    error = fields.Text(readonly=True, copy=False)

    operation_ids = fields.One2many('saas.operation', 'domain_id', readonly=True)
    operation_id = fields.Many2one('saas.operation', 'Latest Operation', compute='_compute_operation_id')
    operation_state = fields.Selection(OPERATION_STATES, compute='_compute_operation_id')
    operation_count = fields.Integer(compute='_compute_operation_id')

    _proven_uniq = UniqueIndex("(external_domain) WHERE verification_status = 'verified' AND lost_at IS NULL",
                               'Another customer has proven this name already.')
    _claim_uniq = UniqueIndex('(partner_id, external_domain) WHERE lost_at IS NULL', 'You have added this name already.')
    _subdomain_uniq = UniqueIndex('(sajet_subdomain) WHERE lost_at IS NULL', 'Another domain has this subdomain already.')
    _primary_uniq = UniqueIndex('(tenant_id) WHERE is_primary', 'A tenant has one primary domain.')
    _name_form = Constraint(
        "CHECK (char_length(external_domain) <= 253 AND external_domain = lower(external_domain))",
        'A domain has at most 253 characters, in lower case.')
    _subdomain_form = Constraint(
        "CHECK (sajet_subdomain ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')",
        'A subdomain has lower-case letters, digits and hyphens, at most 63, and no hyphen first or last.')
    _active_proven = Constraint(
        "CHECK (NOT is_active OR (verification_status = 'verified' AND lost_at IS NULL AND to_publish))",
        'Only a proven name is active.')
    _primary_active = Constraint('CHECK (NOT is_primary OR is_active)', 'Only an active name can be the primary one.')
    _lost_reason_set = Constraint('CHECK ((lost_at IS NULL) = (lost_reason IS NULL))', 'A claim that ended has a reason.')

    def init(self):
        """The seed's indexes, those of the crons and of the lists."""
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS idx_custom_domains_customer ON saas_custom_domain (partner_id);
            CREATE INDEX IF NOT EXISTS idx_custom_domains_tenant ON saas_custom_domain (tenant_id);
            CREATE INDEX IF NOT EXISTS idx_custom_domains_status ON saas_custom_domain (verification_status, is_active);
            CREATE INDEX IF NOT EXISTS saas_custom_domain_subdomains ON saas_custom_domain (sajet_subdomain);
            CREATE INDEX IF NOT EXISTS saas_custom_domain_due ON saas_custom_domain (next_check_at)
             WHERE lost_at IS NULL AND next_check_at IS NOT NULL;
            CREATE INDEX IF NOT EXISTS saas_custom_domain_alert ON saas_custom_domain (alert) WHERE alert IS NOT NULL;
            CREATE INDEX IF NOT EXISTS saas_custom_domain_publish ON saas_custom_domain (root_domain_id) WHERE to_publish;
            CREATE INDEX IF NOT EXISTS saas_custom_domain_living ON saas_custom_domain (claim_state, verification_status, id DESC)
            """)
        self.env['saas.label']._guard()

    @api.depends('external_domain')
    def _compute_names(self):
        """What is no name has none of these; a form that is being filled in is not refused before it is saved."""
        for domain in self:
            name = self._name_or_none(domain.external_domain)
            domain.display_domain = name.unicode if name else domain.external_domain
            domain.registrable, domain.is_apex = (name.registrable, name.is_apex) if name else (False, False)

    @api.depends('sajet_subdomain', 'root_domain_id.name')
    def _compute_full_domain(self):
        for domain in self:
            root = domain.root_domain_id.name
            domain.sajet_full_domain = domain.sajet_subdomain and root and f'{domain.sajet_subdomain}.{root}'

    @api.depends('lost_at')
    def _compute_claim_state(self):
        for domain in self:
            domain.claim_state = 'ended' if domain.lost_at else 'living'

    @api.depends('tenant_id.plan_id.domain_txt_required', 'sajet_subdomain', 'external_domain')
    def _compute_txt_required(self):
        trust = self._trust()
        for domain in self:
            domain.txt_required = domain.tenant_id.plan_id.domain_txt_required or not trust[domain.id].label

    @api.depends('operation_ids.state')
    def _compute_operation_id(self):
        groups = self.env['saas.operation']._read_group(
            [('domain_id', 'in', self.ids)], ['domain_id'], ['id:max', '__count'])
        latest = {domain.id: (operation_id, count) for domain, operation_id, count in groups}
        for domain in self:
            domain.operation_id, domain.operation_count = latest.get(domain.id, (False, 0))
        for domain in self:         # now that all are known, so that they are read at once
            domain.operation_state = domain.operation_id.state

    # -- CRUD -----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.context.get('saas_domain_complete'):
            ahead = {}
            vals_list = [self._complete(vals, ahead) for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and (OURS | FIXED) & vals.keys():
            raise UserError(_('A domain changes by its buttons, not by hand.'))
        moved = self.filtered(lambda domain: 'tenant_id' in vals and vals['tenant_id'] != domain.tenant_id.id)
        if any(domain.to_publish and vals['tenant_id'] for domain in moved.sudo()):
            raise UserError(_('A published domain cannot move to another tenant. Remove it, then add it there.'))
        result = super().write(vals)
        if moved:
            moved.sudo()._publish_what_can_be()
        return result

    @api.constrains('tenant_id', 'partner_id')
    def _check_tenant(self):
        for domain in self.sudo().filtered('tenant_id.partner_id'):
            if domain.tenant_id.partner_id != domain.partner_id:
                raise ValidationError(_('%(tenant)s does not belong to %(customer)s.', tenant=domain.tenant_id.name,
                                        customer=domain.partner_id.display_name))

    @api.ondelete(at_uninstall=False)
    def _unlink_only_ended(self):
        if any(not domain.lost_at or domain._has_edges() for domain in self):
            raise UserError(_('Remove the domain first (button Remove): it is still published or claimed.'))

    # -- states ---------------------------------------------------------------------------------

    def _set_status(self, status):
        """The only way the verification status changes. Raises UserError for a change that is not declared."""
        for domain in self:
            if domain.verification_status == status:
                continue
            if status not in TRANSITIONS[domain.verification_status]:
                labels = dict(self._fields['verification_status']._description_selection(self.env))
                raise UserError(_('%(domain)s is %(now)s and cannot become %(then)s.', domain=domain.display_domain,
                                  now=labels[domain.verification_status].lower(), then=labels[status].lower()))
            domain.verification_status = status

    def _has_edges(self):
        """Whether anything outside may still know the name."""
        self.ensure_one()
        domain = self.sudo()
        return bool(domain.to_publish or domain.is_routed or domain.is_route_live or domain.cloudflare_configured
                    or domain.cloudflare_hostname_id or domain.cloudflare_dns_record_id or domain.tunnel_ingress_configured)
