import time
from datetime import datetime, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import NO_ACCESS
from ..drivers import retry
from ..drivers.access import Access
from ..drivers.shared_node import SharedNode
from ..drivers.spec import NodeSpec, Postgres
from ..series import Constraint
from ..step_up import step_up


class SaasNode(models.Model):
    """Where tenants live: an Odoo server shared by many, its PostgreSQL and the router in front of it."""

    _name = 'saas.node'
    _description = 'SaaS Node'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited', 'saas.sealed']
    _order = 'sequence, id'

    _secret_fields = ('pg_password', 'ssh_private_key')

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    series = fields.Selection([('17.0', 'Odoo 17.0'), ('19.0', 'Odoo 19.0')], required=True, default='17.0')
    capacity = fields.Integer(default=100, help='Tenants this node takes; 0 means no limit.')
    tenant_ids = fields.One2many('saas.tenant', 'node_id')
    tenant_count = fields.Integer(compute='_compute_tenant_count')
    template_ids = fields.One2many('saas.template', 'node_id')

    address_pattern = fields.Char('Tenant Addresses', required=True, default='https://{name}.example.com',
                                  help='Address of a tenant; {name} stands for its name.')
    pg_host = fields.Char('PostgreSQL Host', required=True, default='127.0.0.1')
    pg_port = fields.Integer('PostgreSQL Port', required=True, default=5432)
    pg_user = fields.Char('PostgreSQL User', required=True, default='odoo')
    pg_password = fields.Char('PostgreSQL Password', compute='_compute_secret', inverse='_inverse_pg_password',
                              help='Write-only: kept sealed and never shown again.')
    pg_password_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    data_dir = fields.Char('Data Directory', required=True, default='/var/lib/odoo')
    odoo_url = fields.Char('Odoo Address', required=True, default='http://127.0.0.1:8069',
                           help='The tenants\' Odoo server as the master reaches it, past the router.')
    odoo_command = fields.Char(required=True, default='odoo', help='Command line of Odoo on the node.')
    odoo_config = fields.Char('Odoo Configuration', required=True, default='/etc/odoo/odoo.conf')
    router_url = fields.Char('Router Address', required=True, default='http://127.0.0.1:8080',
                             help='nginx on the node as the master reaches it.')
    router_config = fields.Char('nginx Configuration', required=True, default='/etc/nginx/nginx.conf')
    router_routes = fields.Char('Routes File', required=True, default='/etc/nginx/saas/routes.conf',
                                help='Written by the control plane and included by the nginx configuration.')
    router_command = fields.Char('nginx Command', required=True, default='nginx')

    transport = fields.Selection([('local', 'This machine'), ('ssh', 'SSH')], required=True, default='local')
    ssh_host = fields.Char('SSH Host')
    ssh_port = fields.Integer('SSH Port', default=22)
    ssh_user = fields.Char('SSH User', default='odoo')
    ssh_host_key = fields.Char('SSH Host Key', help='Type and key as in known_hosts, for instance "ssh-ed25519 AAAA…".')
    ssh_private_key = fields.Text('SSH Private Key', compute='_compute_secret', inverse='_inverse_ssh_private_key',
                                  help='Write-only: kept sealed and never shown again.')
    ssh_private_key_sealed = fields.Text(groups=NO_ACCESS, copy=False)

    breaker_failures = fields.Integer(readonly=True, copy=False)
    breaker_until = fields.Datetime(readonly=True, copy=False,
                                    help='Until then no operation on this node is begun: it did not answer.')

    _name_uniq = Constraint('UNIQUE (name)', 'Another node has this name already.')
    _capacity_positive = Constraint('CHECK (capacity >= 0)', 'The capacity of a node cannot be negative.')

    def _compute_tenant_count(self):
        counts = dict(self.env['saas.tenant'].sudo()._read_group(
            [('node_id', 'in', self.ids), ('state', 'not in', ('draft', 'deleted'))], ['node_id'], ['__count']))
        for node in self:
            node.tenant_count = counts.get(node, 0)

    def _compute_secret(self):
        self.pg_password = self.ssh_private_key = False

    def _inverse_pg_password(self):
        self._seal('pg_password')

    def _inverse_ssh_private_key(self):
        self._seal('ssh_private_key')

    @api.constrains('address_pattern')
    def _check_address_pattern(self):
        for node in self:
            if node.address_pattern.count('{name}') != 1 or not node.address_pattern.startswith(('http://', 'https://')):
                raise UserError(_('The tenant addresses of a node look like https://{name}.example.com; "%s" does not.',
                                  node.address_pattern))

    @api.constrains('transport', 'ssh_host', 'ssh_user', 'ssh_host_key')
    def _check_ssh(self):
        for node in self.filtered(lambda n: n.transport == 'ssh'):
            if not (node.ssh_host and node.ssh_user and node.ssh_host_key):
                raise UserError(_('A node reached by SSH needs host, user and host key: an unknown key is never accepted.'))

    # -- buttons ------------------------------------------------------------------------------

    @step_up('secret')
    def action_change_secrets(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Change Secrets'), 'res_model': 'saas.node', 'res_id': self.id,
                'views': [(self.env.ref('saas_master.saas_node_view_form_secrets').id, 'form')], 'target': 'new'}

    def action_view_tenants(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Tenants'), 'res_model': 'saas.tenant',
                'view_mode': 'list,form', 'domain': [('node_id', '=', self.id)]}

    # -- what drivers are given -----------------------------------------------------------------

    def _spec(self):
        self.ensure_one()
        node = self.sudo()
        return NodeSpec(
            postgres=Postgres(node.pg_host, node.pg_port, node.pg_user, self._open_secret(node.pg_password_sealed)),
            series=node.series, data_dir=node.data_dir, odoo_url=node.odoo_url,
            odoo_command=tuple(node.odoo_command.split()), odoo_config=node.odoo_config,
            router_url=node.router_url, router_config=node.router_config, router_routes=node.router_routes,
            router_command=tuple(node.router_command.split()))

    def _access(self):
        """How the node's files and processes are reached; ``Access.open()`` gives the transport."""
        self.ensure_one()
        node = self.sudo()
        if node.transport == 'pct':
            return node.pct_node_id._access().inside(node.pct_vmid)
        if node.transport == 'local':
            return Access()
        return Access(host=node.ssh_host, port=node.ssh_port, user=node.ssh_user, host_key=node.ssh_host_key,
                      private_key=self._open_secret(node.ssh_private_key_sealed))

    def _on_node(self, work):
        """A step's outside part: ``work(SharedNode)`` with the node's transport open, no record in reach."""
        spec, access = self._spec(), self._access()

        def act():
            with access.open() as transport:
                return work(SharedNode(spec, transport))
        return act

    # -- breaker, placement --------------------------------------------------------------------

    def _record_answer(self, error=None):
        """Feed the breaker; writes only when something changes, so that busy nodes cause no conflicts."""
        self.ensure_one()
        until = self.breaker_until and self.breaker_until.replace(tzinfo=timezone.utc).timestamp()
        before = retry.Breaker(self.breaker_failures, until or None)
        after = before.record(error, time.time())
        if after != before:
            self.sudo().write({
                'breaker_failures': after.failures,
                'breaker_until': after.open_until and datetime.fromtimestamp(
                    after.open_until, timezone.utc).replace(tzinfo=None)})
