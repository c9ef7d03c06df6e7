"""What people do with names: customers in the portal and by REST, staff in the backend; all end in the same methods."""
from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_master.const import MANAGER


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _may_act(self):
        """Whether the present person may act on these: a manager, or a contact with that right on his company's own."""
        if self._is_manager():
            return True
        person = self.env.user.partner_id
        return person.sudo().saas_right == 'act' and all(
            domain.partner_id == person.commercial_partner_id for domain in self.sudo())

    def _check_act(self):
        self.check_access('read')
        if not self._may_act():
            raise AccessError(_('You may look at this domain, not act on it. Ask a colleague who may to give you that right.'))

    def _is_manager(self):
        return self.env.user.has_group(MANAGER)

    @api.model
    def _person_add(self, values):
        """A new claim. ``values``: external_domain, tenant_id (optional), partner_id (managers only; else the own company).

        Returns the record with the person's rights. Raises AccessError, UserError, RateLimited.
        """
        raise NotImplementedError

    def _person_verify(self):
        """Ask the DNS now. Returns {outcome, status, message, cname_detected, expected, found, next_step, instructions}."""
        raise NotImplementedError

    def _person_activate(self):
        """Publish a verified name; returns the operation (sudo). Raises UserError with what is missing."""
        raise NotImplementedError

    def _person_make_primary(self):
        raise NotImplementedError

    def _person_remove(self):
        raise NotImplementedError

    # -- buttons ------------------------------------------------------------------------------

    def action_verify(self):
        raise NotImplementedError

    def action_activate(self):
        raise NotImplementedError

    def action_make_primary(self):
        raise NotImplementedError

    def action_remove(self):
        raise NotImplementedError

    def action_sync(self):
        raise NotImplementedError

    def action_retry(self):
        """Take up the failed operation of each."""
        raise NotImplementedError

    def action_open(self):
        self.ensure_one()
        if not self.is_active:
            raise UserError(_('%s is not active yet.', self.display_domain))
        return {'type': 'ir.actions.act_url', 'url': self._url(), 'target': 'new'}

    def action_view_operations(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Operations'), 'res_model': 'saas.operation',
                'view_mode': 'list,form', 'domain': [('domain_id', '=', self.id)]}

    def action_view_audit(self):
        return self.env['saas.audit']._action_of(self)

    def _url(self):
        """Its address as a browser needs it; scheme and port are those of the tenant's own."""
        return f'https://{self.external_domain}'
