import re

from cryptography import x509

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..const import NO_ACCESS
from ..drivers.pve.spec import PveApi
from ..series import Constraint
from ..step_up import step_up

API_URL = re.compile(r'https://(?:[^/\s:@\[\]]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>\d{1,5}))?/?')
TOKEN = re.compile(r'[^\s@!:/]+@[A-Za-z][A-Za-z0-9._-]+![A-Za-z][A-Za-z0-9._-]+')
FINGERPRINT = re.compile(r'\s*([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}\s*')
FIRST_NUMBER = 10000
NEXT_NUMBER = 'UPDATE saas_cluster SET vmid_next = vmid_next + 1 WHERE id = %s RETURNING vmid_next - 1'
API_FIELDS = ('api_url', 'token_id', 'token_secret_sealed', 'trust', 'ca_certificate', 'fingerprint', 'pve_pool')


class SaasCluster(models.Model):
    """A Proxmox VE cluster, or a single machine with Proxmox VE: its API, and the numbers its containers get."""

    _name = 'saas.cluster'
    _description = 'Proxmox VE Cluster'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited', 'saas.sealed']
    _order = 'name, id'

    _secret_fields = ('token_secret',)

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    api_url = fields.Char('API Address', required=True, help='For instance https://pve.example.com:8006.')
    token_id = fields.Char('API Token', required=True, help='user@realm!name, for instance saas@pve!control.')
    token_secret = fields.Char(compute='_compute_token_secret', inverse='_inverse_token_secret',
                               help='Write-only: kept sealed and never shown again.')
    token_secret_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    trust = fields.Selection([
        ('system', 'Authorities of this system'), ('ca', 'An authority of its own'), ('fingerprint', 'This certificate only'),
    ], required=True, default='system', help='Whose certificate is believed. There is no way to believe any.')
    ca_certificate = fields.Text('CA Certificate', help='PEM, as in /etc/pve/pve-root-ca.pem.')
    fingerprint = fields.Char(help='SHA-256 of the certificate, as `pvenode cert info` shows it.')
    pve_pool = fields.Char('Resource Pool', help='Pool of Proxmox VE that our containers are put into.')
    vmid_from = fields.Integer('First Number', required=True, default=FIRST_NUMBER)
    vmid_next = fields.Integer('Next Number', required=True, default=FIRST_NUMBER, copy=False, readonly=True,
                               help='Numbers of containers are given once and never again.')
    node_ids = fields.One2many('saas.node', 'cluster_id')
    container_ids = fields.One2many('saas.container', 'cluster_id')

    _name_uniq = Constraint('UNIQUE (name)', 'Another cluster has this name already.')
    _vmid_range = Constraint('CHECK (vmid_from BETWEEN 100 AND 999999999)',
                             'Numbers of containers are between 100 and 999999999.')

    def _compute_token_secret(self):
        self.token_secret = False

    def _inverse_token_secret(self):
        self._seal('token_secret')

    @api.constrains('api_url', 'token_id', 'trust', 'ca_certificate', 'fingerprint')
    def _check_api(self):
        for cluster in self:
            url = API_URL.fullmatch(cluster.api_url or '')
            if not url or not 0 < int(url['port'] or 443) < 65536:
                raise ValidationError(_('The address of the API looks like https://pve.example.com:8006; "%s" does not.',
                                        cluster.api_url))
            if not TOKEN.fullmatch(cluster.token_id or ''):
                raise ValidationError(_('An API token looks like saas@pve!control; "%s" does not.', cluster.token_id))
            if cluster.trust == 'fingerprint' and not FINGERPRINT.fullmatch(cluster.fingerprint or ''):
                raise ValidationError(_('Enter the SHA-256 fingerprint of the certificate: 32 pairs of hexadecimal digits with '
                                        'colons between, as `pvenode cert info` shows it.'))
            if cluster.trust == 'ca' and not _is_pem(cluster.ca_certificate):
                raise ValidationError(_('Enter the certificate of the authority as PEM text, as in /etc/pve/pve-root-ca.pem.'))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.setdefault('vmid_next', vals.get('vmid_from', FIRST_NUMBER))
        return super().create(vals_list)

    def write(self, vals):
        """A range that begins later is taken at once; numbers already passed are never given again."""
        result = super().write(vals)
        for cluster in self.filtered(lambda one: one.vmid_next < one.vmid_from):
            super(SaasCluster, cluster).write({'vmid_next': cluster.vmid_from})
        return result

    # -- buttons ------------------------------------------------------------------------------

    @step_up('secret')
    def action_change_secrets(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Change Secrets'), 'res_model': 'saas.cluster', 'res_id': self.id,
                'views': [(self.env.ref('saas_master.saas_cluster_view_form_secrets').id, 'form')], 'target': 'new'}

    # -- what drivers are given -----------------------------------------------------------------

    def _api(self):
        """``drivers.pve.spec.PveApi`` of the cluster; DriverError when its secret cannot be opened here."""
        self.ensure_one()
        cluster = self.sudo()
        cluster.fetch(API_FIELDS)       # at once: a secret is in no other read
        return PveApi(
            url=cluster.api_url, token_id=cluster.token_id, token_secret=self._open_secret(cluster.token_secret_sealed),
            ca=cluster.ca_certificate or '' if cluster.trust == 'ca' else '',
            fingerprint=cluster.fingerprint or '' if cluster.trust == 'fingerprint' else '', pool=cluster.pve_pool or '')

    def _next_number(self, cr=None):
        """A number that no container of ours has had. Two transactions at once: one is repeated."""
        self.ensure_one()
        self.flush_recordset(['vmid_next'])
        (cr or self.env.cr).execute(NEXT_NUMBER, [self.id], log_exceptions=False)
        self.invalidate_recordset(['vmid_next'])
        return (cr or self.env.cr).fetchone()[0]


def _is_pem(text):
    """Certificates and nothing that only looks like some."""
    try:
        return bool(x509.load_pem_x509_certificates((text or '').encode()))
    except ValueError:
        return False
