"""From a verified name to the operation that publishes it; changes of the primary one."""
from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.const import ACTIVE

LIVE = ('running', 'suspended')     # states of a tenant that a name can lead to


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _publish_problem(self):
        """False, or what is missing before the name can be published, in words for its customer."""
        self.ensure_one()
        domain = self.sudo()
        name, tenant = domain.display_domain, domain.tenant_id
        if domain.lost_at:
            return _('%s was removed. Add it again first.', name)
        if domain.verification_status != 'verified':
            return _('%s is not verified yet. Set the DNS record, then verify it.', name)
        if not tenant:
            return _('%s leads to no tenant yet. Choose one first.', name)
        if tenant.state not in LIVE or not tenant.is_routed:
            return _('%(tenant)s is not live yet. %(name)s follows by itself when it is.', tenant=tenant.name, name=name)
        if domain._active_operation():
            return _('%s is being worked on. Wait until that has ended.', name)
        return False

    def _publish(self):
        """Open the operation for each; many at once cost a constant number of statements."""
        if self:
            self.write({'to_publish': True, 'error': False, 'alert': False})
            self._open_all('activate_domain')

    def _open_all(self, kind, priority=10):
        """``_open`` for many: one look for what is under way, one insert, one wake."""
        operations = self.env['saas.operation'].sudo()
        busy = operations.search([('domain_id', 'in', self.ids), ('state', 'in', ACTIVE)]).domain_id
        steps = [fields.Command.create({'sequence': number, 'code': code, 'name': label})
                 for number, (code, label) in enumerate(self._operation_steps(kind), 1)]
        for domain in self - busy:
            domain._take_up(kind)
        opened = operations.create([{
            'kind': kind, 'domain_id': domain.id, 'priority': priority, 'params': {}, 'requested_by_id': self.env.uid,
            'step_ids': steps} for domain in self - busy])
        if opened:
            opened[:1]._wake()
        return opened

    def _open(self, kind, priority=10, **params):
        """Without a node: what Cloudflare does not answer must not keep the node's other work from it."""
        operation = super()._open(kind, priority, **params)
        operation.node_id = False
        return operation

    # -- the primary name -----------------------------------------------------------------------

    def _make_primary(self):
        """One of the tenant's active names is the one it calls itself by; the old one steps back."""
        self.ensure_one()
        if not self.is_active:
            raise UserError(_('%s is not active yet. Only an active domain can be the primary one.', self.display_domain))
        if self.is_primary:
            return
        before = self.search([('tenant_id', '=', self.tenant_id.id), ('is_primary', '=', True)])
        before.is_primary = False
        before.flush_recordset()
        self.is_primary = True
        self.flush_recordset()
        self._open('primary_domain')
        self._emit('primary')

    def _url(self):
        """Its address as a browser needs it; scheme and port are those of the tenant's own."""
        self.ensure_one()
        own = self.sudo().tenant_id.url or 'https://'
        scheme, _sep, rest = own.partition('://')
        port = rest.rstrip('/').partition(':')[2]
        return f'{scheme}://{self.external_domain}{f":{port}" if port else ""}'
