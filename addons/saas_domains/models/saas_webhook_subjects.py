"""What webhooks tell of: tenants by their one way to change state, custom domains by their own methods."""
from odoo import fields, models

TOLD = {'provisioning': 'provisioning', 'running': 'running', 'suspended': 'suspended', 'failed': 'failed', 'deleted': 'deleted'}
ACTS = [('pause_webhook', 'Pause a webhook'), ('resume_webhook', 'Resume a webhook'), ('ping_webhook', 'Ping a webhook'),
        ('replay_webhook', 'Replay a delivery'), ('show_secret', 'Show a secret')]


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _set_state(self, state):
        before = {tenant: tenant.state for tenant in self}
        result = super()._set_state(state)
        for tenant in self.filtered(lambda one: one.state != before[one] and one.state in TOLD):
            what = 'resumed' if (before[tenant], state) == ('suspended', 'running') else TOLD[state]
            self.env['saas.webhook']._announce(f'tenant.{what}', tenant, previous_state=before[tenant])
        return result

    def _webhook_data(self):
        self.ensure_one()
        return {'tenant': {
            'id': self.id, 'name': self.name, 'state': self.state, 'url': self.url or None, 'company_name': self.company_name,
            'plan': self.plan_id.code, 'suspension_reasons': self.reason_ids.mapped('code')}}


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _webhook_data(self):
        self.ensure_one()
        return {'domain': {
            'id': self.id, 'external_domain': self.external_domain, 'display_domain': self.display_domain,
            'sajet_full_domain': self.sajet_full_domain or None, 'tenant': self.tenant_id.name or None,
            'verification_status': self.verification_status, 'ssl_status': self.ssl_status, 'is_active': self.is_active,
            'is_primary': self.is_primary, 'lost_reason': self.lost_reason or None}}


class SaasAudit(models.Model):
    _inherit = 'saas.audit'

    act = fields.Selection(selection_add=ACTS, ondelete={act: lambda lines: None for act, _label in ACTS})

    def _customer(self, record):
        if record._name == 'saas.webhook':
            return record.partner_id
        return record.webhook_id.partner_id if record._name == 'saas.webhook.delivery' else super()._customer(record)
