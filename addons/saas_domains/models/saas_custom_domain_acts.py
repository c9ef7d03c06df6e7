"""What people do with names: customers in the portal and by REST, staff in the backend; all end in the same methods."""
from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_master.const import MANAGER, STAFF

MINUTE, HOUR = 60, 3600
SHOWN_REFUSALS = 10


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

    def _check_look(self):
        """Verifying changes nothing by itself: support may, too."""
        if not self.env.user.has_group(STAFF):
            self._check_act()
        self.check_access('read')

    def _is_manager(self):
        return self.env.user.has_group(MANAGER)

    def _check_living(self):
        for domain in self.sudo().filtered('lost_at'):
            raise UserError(_('%s was removed. Add it again first.', domain.display_domain))

    # -- acts -----------------------------------------------------------------------------------

    @api.model
    def _person_add(self, values):
        """A new claim. ``values``: external_domain, tenant_id (optional), partner_id (managers only; else the own company).

        Returns the record with the person's rights. Raises AccessError, UserError, RateLimited.
        """
        company = self._company_for(values)
        tenant = self._tenant_for(values, company)
        limit = self.env['saas.domain.settings']._number('add_per_hour')
        self.env['saas.rate']._count('add_domain', str(company.id), limit, HOUR)
        domain = self.sudo()._claim({
            'external_domain': values.get('external_domain'), 'partner_id': company.id, 'tenant_id': tenant.id,
            **({'root_domain_id': values['root_domain_id']} if values.get('root_domain_id') and self._is_manager() else {})})
        self.env['saas.audit']._note('create', domain)
        domain._emit('added')
        return domain.with_env(self.env)

    @api.model
    def _company_for(self, values):
        own = self.env.user.partner_id.sudo().commercial_partner_id
        if self._is_manager():
            tenant = self.env['saas.tenant'].browse(values.get('tenant_id') or ()).exists()
            company = self.env['res.partner'].browse(values.get('partner_id') or ()).exists().commercial_partner_id
            if not (company or tenant.partner_id):
                raise UserError(_('Say which customer the domain belongs to.'))
            return (company or tenant.partner_id).sudo()
        if self.env.user.partner_id.sudo().saas_right != 'act' or values.get('partner_id') not in (None, False, own.id):
            raise AccessError(_('You may not add domains. Ask a colleague who may to give you that right.'))
        return own

    @api.model
    def _tenant_for(self, values, company):
        """The tenant that was named, as far as the person sees it; else the customer's only one."""
        tenants = self.env['saas.tenant']
        if values.get('tenant_id'):
            tenant = tenants.search([('id', '=', values['tenant_id']), ('partner_id', '=', company.id),
                                     ('state', 'not in', ('deleting', 'deleted'))])
            if not tenant:
                raise UserError(_('There is no such tenant. Choose one of your own.'))
            return tenant
        own = tenants.sudo().search([('partner_id', '=', company.id), ('state', 'not in', ('deleting', 'deleted'))], limit=2)
        return own if len(own) == 1 else tenants

    def _person_verify(self):
        """Ask the DNS now. Returns {outcome, status, message, cname_detected, expected, found, next_step, instructions}.

        The answer is waited for before anything is written, so the request holds no lock meanwhile.
        """
        self.ensure_one()
        self._check_look()
        self._check_living()
        limit = self.env['saas.domain.settings']._number('verify_per_minute')
        self.env['saas.rate']._count('verify_domain', str(self.sudo().partner_id.id), limit, MINUTE)
        domain = self.sudo()
        findings = domain._ask_dns()
        domain._try_again()
        domain._note_findings(findings)
        self.env['saas.audit']._note('verify', self)
        return self._verify_answer()

    def _verify_answer(self):
        """What the seed's REST answers; ``outcome`` besides: yes, no, unknown, or contested."""
        domain = self.sudo()
        verdict, record = domain._verdict(), domain._pointing_record()
        verified = domain.verification_status == 'verified'
        contested = not verified and domain.proved_at
        found = ', '.join(verdict['found']) or None
        answer = {
            'outcome': 'contested' if contested else verdict['outcome'],
            'status': 'failed' if verdict['outcome'] == 'no' and not verified and not contested else domain.verification_status,
            'message': verdict['message'], 'cname_detected': found if domain.last_evidence == 'cname' else None,
            'expected': verdict['expected'], 'found': found, 'next_step': verdict['next_step'],
            'instructions': verdict['next_step'] if verdict['outcome'] == 'no' else _(
                'Set the %(type)s %(record)s → %(value)s', **record), 'warnings': verdict['warnings'],
        }
        if verified and verdict['outcome'] != 'no':
            answer['message'] = _('The domain is verified.')
        elif contested:
            answer['message'] = _('Your proof was found. Another customer holds the domain and was given notice.')
            answer['next_step'] = _('Keep the TXT record: the domain becomes yours by itself when the notice is over.')
        return answer

    def _person_activate(self):
        """Publish a verified name; returns the operation (sudo). Raises UserError with what is missing."""
        self.ensure_one()
        self._check_act()
        domain = self.sudo()
        if domain.is_active:
            raise UserError(_('%s is active already.', domain.display_domain))
        problem = domain._publish_problem()
        if problem:
            raise UserError(problem)
        domain._publish()
        self.env['saas.audit']._note('activate', self)
        return domain._active_operation()

    def _person_make_primary(self):
        self.ensure_one()
        self._check_act()
        self._check_living()
        self.sudo()._make_primary()
        self.env['saas.audit']._note('make_primary', self)

    def _person_remove(self):
        """The claim ends at once; what the edges have of it follows by an operation."""
        self._check_act()
        self._check_living()
        self.env['saas.audit']._note('remove', self)
        self.sudo()._end_claim('removed')
        for domain in self.sudo():
            domain._emit('removed')

    # -- buttons and server actions ----------------------------------------------------------------

    def action_verify(self):
        """One or many: asked in one go, with no transaction open."""
        self._check_look()
        living = self.sudo().filtered(lambda domain: not domain.lost_at)
        living._try_again()
        living._check_now()
        self.env['saas.audit']._note('verify', self)
        proven = living.filtered(lambda domain: domain.verification_status == 'verified')
        refusals = [f'{domain.display_domain}: {domain._verdict()["message"]}' for domain in living - proven]
        return self._tell_result(len(proven), refusals)

    def action_activate(self):
        return self._act_on_each(lambda domain: domain._person_activate())

    def action_make_primary(self):
        self._person_make_primary()
        return True

    def action_remove(self):
        return self._act_on_each(lambda domain: domain._person_remove())

    def action_sync(self):
        """Compare the root domains of these with Cloudflare, tunnel and router, now."""
        self.check_access('write')
        return self.root_domain_id.action_sync()

    def action_retry(self):
        """Take up the failed operation of each."""
        for domain in self:
            failed = self.env['saas.operation'].search(
                [('domain_id', '=', domain.id), ('attention', '=', True)], order='id', limit=1)
            (failed or domain.operation_id).action_retry()
        return True

    def _act_on_each(self, act):
        """Each by itself; say for how many it was done, and for which not and why."""
        refusals = []
        for domain in self:
            try:
                with self.env.cr.savepoint():
                    act(domain)
            except AccessError:
                raise
            except UserError as refusal:
                refusals.append(str(refusal))
        return self._tell_result(len(self) - len(refusals), refusals)

    def _tell_result(self, done, refusals):
        lines = [_('Done for %(done)s of %(all)s.', done=done, all=len(self)), *refusals[:SHOWN_REFUSALS]]
        if len(refusals) > SHOWN_REFUSALS:
            lines.append(_('… and %s more.', len(refusals) - SHOWN_REFUSALS))
        kind = 'success' if not refusals else 'warning' if done else 'danger'
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': kind, 'sticky': bool(refusals), 'message': ' '.join(lines), 'title': _('Domains'),
            'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}

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
