"""What the operations of a custom domain consist of. Each step serves all domains that wait, and finds its own done where
another worker's did. An interrupted one leaves records, hostnames, documents or tables whole; run again, it finds them."""
from odoo import _, api, fields, models

from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.drivers.waiting import NotYet
from odoo.addons.saas_master.models.saas_node_routes import ROUTED_NODES

from ..edge.probe import probe_domain
from . import edge_hostnames, edge_ingress, edge_records

PROBE_SECONDS = 20
SOONEST, LATEST = 2, 300        # seconds between two looks at a certificate
ROUTE_ALL = f"""
    UPDATE saas_custom_domain d SET is_routed = true FROM saas_tenant t
     WHERE t.id = d.tenant_id AND t.node_id IN {ROUTED_NODES} AND d.to_publish AND d.is_routed IS NOT TRUE"""


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _operation_field(self):
        return 'domain_id'

    @api.model
    def _operation_steps(self, kind):
        steps = {
            'activate_domain': [
                ('cloudflare', _('Register the name at Cloudflare')),
                ('certificate', _('Wait for the certificate')),
                ('ingress', _('Lead the tunnel to it')),
                ('domain_route', _('Lead the name to the tenant')),
                ('probe', _('Check that it answers')),
                ('activated', _('Hand it over')),
                ('base_url', _('Tell the tenant its address')),
            ],
            'primary_domain': [
                ('redirect', _('Send visitors to the primary name')),
                ('base_url', _('Tell the tenant its address')),
            ],
            'remove_domain': [
                ('domain_unroute', _('Close the name')),
                ('ingress', _('Take it out of the tunnel')),
                ('cloudflare_remove', _('Take it off Cloudflare')),
                ('removed', _('Note that it is gone')),
                ('base_url', _('Tell the tenant its address')),
            ],
        }
        return steps.get(kind) or super()._operation_steps(kind)

    def _edge(self):
        """(spec, maker of cursors) for an outside part; what other cursors have written is seen from here on."""
        self.ensure_one()
        self.invalidate_recordset()
        return self.root_domain_id._edge_spec(), self.env['saas.node']._cursor_maker()

    # -- publish --------------------------------------------------------------------------------

    def _step_cloudflare(self, step):
        spec, connect = self._edge()
        domain_id, name, since = self.id, self.external_domain, step.operation_id.create_date
        needs_record = not self.cloudflare_dns_record_id

        def act():
            if needs_record:
                edge_records.publish(connect, spec, domain_id)
            edge_hostnames.ensure(connect, spec, domain_id, name, since)
        return self.to_publish and act or None

    def _step_certificate(self, step):
        """Both statuses of Cloudflare active: only then does the name answer. Rarely asked when it takes long."""
        spec, connect = self._edge()
        if not self.to_publish:
            return None
        domain_id, waited = self.id, (fields.Datetime.now() - step.operation_id.create_date).total_seconds()
        pause = min(max(waited / 5, SOONEST), LATEST)
        note = _('Waiting for the certificate.')
        refused = _('The certificate was not issued. Correct what Cloudflare complains about, then retry: %s', '{words}')

        def act():
            live, status, words = edge_hostnames.refresh(connect, spec, domain_id)
            if status == 'failed':
                raise Permanent(refused.replace('{words}', words), 'certificate')
            return None if live else NotYet(pause, note)
        return act

    def _step_ingress(self, step):
        spec, connect = self._edge()
        domain_id = self.id
        return lambda: edge_ingress.sync(connect, spec, domain_id)

    def _step_domain_route(self, step):
        """Routes of all that wait on the node are wanted from now on: one table and one reload for the batch."""
        self.invalidate_recordset()
        if not self.to_publish or self.is_route_live:
            return None
        node = self.tenant_id.node_id
        if not node or not self.tenant_id.is_routed:
            raise Permanent(_('%s has no live tenant to lead to. Retry when it has one.', self.display_domain))
        self.env.flush_all()
        self.env.cr.execute(ROUTE_ALL, [node._router().id], log_exceptions=False)
        self.env.invalidate_all()
        return node._sync_routes()

    def _step_probe(self, step):
        if not self.to_publish:
            return None
        root = self.root_domain_id
        base, name, nonce, verify = root.probe_url or '', self.external_domain, self.nonce, not root.is_sandbox
        return lambda: probe_domain(base, name, nonce, PROBE_SECONDS, verify=verify)

    def _step_activated(self, step):
        self.invalidate_recordset()
        if not self.to_publish or self.is_active:
            return
        self.write({'is_active': True, 'activated_at': fields.Datetime.now(), 'error': False, 'alert': False})
        self._close_alerts()
        self._mail('activated')
        self._emit('active')

    # -- the tenant's own idea of its address ---------------------------------------------------

    def _step_redirect(self, step):
        node = self.tenant_id.node_id
        return node and self.tenant_id.is_routed and node._sync_routes() or None

    def _step_base_url(self, step):
        """web.base.url follows the primary name, frozen, and goes back to the tenant's own address without one."""
        tenant = self.tenant_id
        primary = self.search([('tenant_id', '=', tenant.id), ('is_primary', '=', True)], limit=1) if tenant else self
        wanted = primary._url() if primary.is_primary else tenant.url
        if not tenant.api_key_sealed or tenant.state not in ('running', 'suspended') or wanted == (
                tenant.told_base_url or tenant.url):
            return None
        rpc = tenant._rpc()

        def act():
            rpc.call('ir.config_parameter', 'set_param', 'web.base.url', wanted)
            rpc.call('ir.config_parameter', 'set_param', 'web.base.url.freeze', 'True')
            return {'base_url': wanted}
        return act

    def _result_base_url(self, outcome):
        self.tenant_id.told_base_url = outcome['base_url']

    # -- take off -------------------------------------------------------------------------------

    def _step_domain_unroute(self, step):
        """Whatever the record says: a table that is being written at this moment may still have the name."""
        self.invalidate_recordset()
        self.is_routed = False
        node = self.tenant_id.node_id
        if not node:
            self.is_route_live = False
            return None
        return node._sync_routes()

    def _step_cloudflare_remove(self, step):
        spec, connect = self._edge()
        domain_id, name = self.id, self.external_domain
        if self.to_publish:
            return None

        def act():
            edge_records.remove(connect, spec, domain_id)
            edge_hostnames.remove(connect, spec, domain_id, name)
        return act

    def _step_removed(self, step):
        self.invalidate_recordset()
        if self.to_publish:
            return
        self.write({
            'cloudflare_dns_record_id': False, 'cloudflare_hostname_id': False, 'cloudflare_configured': False,
            'tunnel_ingress_configured': False, 'is_route_live': False, 'ssl_status': 'none', 'ssl_expires_at': False,
            'hostname_status': False, 'ssl_words': False, 'activated_at': False})

    # -- what the ledger tells ------------------------------------------------------------------

    def _operation_done(self, operation):
        self.invalidate_recordset()
        self._settle()

    def _operation_failed(self, operation):
        self.invalidate_recordset()
        step = operation.step_ids.filtered(lambda step: step.state == 'failed')[:1]
        alert = 'certificate' if step.code == 'certificate' else 'propagation'
        self.write({'error': operation.error, 'alert': False if self.lost_at else alert})
        self._plan_attention(
            _('%s failed', operation.display_name),
            _('%s Look at the operation\'s log; retry it once the cause is gone.', operation.error or ''))
        if not self.lost_at and operation.kind == 'activate_domain':
            self._mail('trouble')
            self._emit('failed')
        self._settle()

    def _operation_cancelled(self, operation):
        """Staff called it off: it waits for a person's Activate; or its claim ended, and the edges forget it."""
        self.invalidate_recordset()
        if operation.kind == 'activate_domain' and not self.is_active:
            self.write({'to_publish': False, 'is_routed': False})
        self._settle()
