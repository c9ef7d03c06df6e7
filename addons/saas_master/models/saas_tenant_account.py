from odoo import _, models

from ..series import signup_link


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _portal_access(self):
        """Let who ordered the tenant into the portal; return what the welcome mail says about it.

        An order proves a mailbox, nothing else: it opens an account for this very address in the order's own company.
        Where somebody else has an account with the address, nobody is given anything, and staff look at it.
        """
        self.ensure_one()
        contact = self._ordered_by()
        if not contact:
            return {}
        known = contact.with_context(active_test=False).user_ids
        user = self.env['saas.people']._open_account(contact)
        if user and not known:
            contact.saas_right = contact.saas_right or 'act'
        if not user or not contact.saas_right:
            self._plan_attention(_('No customer account for %s', self.email), _(
                'The address belongs to another account, or its right was taken away. Find out who it is, then give the right '
                'contact of %s access to the portal.', self.partner_id.display_name))
            return {}
        if user.login_date or user.login != self.email:
            return {'portal_link': f'{self.get_base_url()}/my/tenants/{self.id}'}
        link, hours = signup_link(contact, f'/my/tenants/{self.id}')
        return {'portal_link': link, 'portal_link_days': hours // 24, 'portal_is_new': True}

    def _ordered_by(self):
        """The contact who confirmed the order by this tenant's address, as long as it is still his."""
        orders = self.env['saas.signup'].search([('tenant_id', '=', self.id), ('state', '=', 'confirmed')])
        return orders.partner_id.filtered(
            lambda contact: contact.email_normalized == self.email and contact.commercial_partner_id == self.partner_id)[:1]
