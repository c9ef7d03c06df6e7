"""The names of a tenant, as its customer sees and changes them."""
from odoo import _, models
from odoo.exceptions import UserError

SHOWN = 20              # names of a customer's domains in one sentence


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _portal_domains(self):
        """Its living custom names (sudo), the primary one first, then by name."""
        self.ensure_one()
        domains = self.env['saas.custom_domain'].sudo().search([('tenant_id', '=', self.id), ('lost_at', '=', False)])
        return domains.sorted(lambda domain: (not domain.is_primary, domain.display_domain))

    def _in_use(self):
        """Custom domains are counted by customer: ``domains`` are the names of all of them."""
        domains = self.env['saas.custom_domain'].sudo().search(
            [('partner_id', '=', self.partner_id.id), ('lost_at', '=', False)], order='id') if self.partner_id else ()
        return {**super()._in_use(), 'domains': [domain.display_domain for domain in domains]}

    def _limit_problems(self, plan, users=0, domains=0):
        problems = super()._limit_problems(plan, users, domains)
        names, limit = self._in_use()['domains'], self._domain_limit_with(plan, domains)
        if not limit or len(names) <= limit:
            return problems
        shown = ', '.join(names[:SHOWN]) + (' …' if len(names) > SHOWN else '')
        return [*problems, _(
            '%(count)s custom domains are in use, and %(plan)s has %(limit)s. Remove %(more)s of these first: %(names)s',
            count=len(names), plan=plan.name, limit=limit, more=len(names) - limit, names=shown)]

    def _domain_limit_with(self, plan, extra):
        """How many names its customer could have if this tenant had ``plan``: the best one of his tenants counts."""
        others = self.sudo().search([('partner_id', '=', self.partner_id.id), ('id', '!=', self.id),
                                     ('state', 'not in', ('deleting', 'deleted'))]) if self.partner_id else ()
        limits = [self._domain_limit(plan, extra), *(other._domain_limit() for other in others)]
        return 0 if 0 in limits else max(limits)

    def _person_redirect_to_primary(self, wanted):
        """Whether visitors of the other names are sent on to the primary one; the router follows."""
        self.ensure_one()
        self._check_act()
        tenant = self.sudo()
        if tenant.redirect_to_primary == wanted:
            return
        primary = tenant.domain_ids.filtered('is_primary')
        if primary and primary._active_operation():
            raise UserError(_('%s is being worked on. Wait until that has ended.', primary.display_domain))
        tenant.redirect_to_primary = wanted     # opens the operation by which the router follows
        self.env['saas.audit']._note('change', tenant, 'redirect_to_primary')


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _person_choose_tenant(self, tenant):
        """Where a name leads that led nowhere yet; ``tenant`` is one the person sees."""
        self.ensure_one()
        self._check_act()
        self._check_living()
        domain = self.sudo()
        if domain.tenant_id:
            raise UserError(_('%(domain)s leads to %(tenant)s already.',
                              domain=domain.display_domain, tenant=domain.tenant_id.name))
        if not tenant or tenant.sudo().partner_id != domain.partner_id or tenant.sudo().state in ('deleting', 'deleted'):
            raise UserError(_('There is no such tenant. Choose one of your own.'))
        domain.tenant_id = tenant
        self.env['saas.audit']._note('change', domain, 'tenant_id')
