"""From what a customer types to a claim: the name, whose it is, its subdomain, and how many there may be."""
import secrets
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.limits import LimitReached

from ..edge import names

CANDIDATES = 100                    # subdomains tried before a random one is taken
ATTEMPTS = 5                        # when others take the same subdomain at the same moment
FIRST_CHECK = timedelta(seconds=60)
LABEL_CONSTRAINTS = ('saas_custom_domain_subdomain_uniq', 'saas_label_name_uniq')
CLAIM_CONSTRAINT = 'saas_custom_domain_claim_uniq'

# Never given again: a name that pointed to another customer's subdomain may still do so.
TAKEN = """
    SELECT name FROM saas_label WHERE name = ANY(%(names)s) AND tenant_id IS DISTINCT FROM %(tenant)s
     UNION SELECT sajet_subdomain FROM saas_custom_domain WHERE sajet_subdomain = ANY(%(names)s)
              AND (lost_at IS NULL OR partner_id <> %(partner)s)
     UNION SELECT name FROM saas_tenant WHERE name = ANY(%(names)s) AND state = 'deleted'
              AND partner_id IS DISTINCT FROM %(partner)s"""


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    @api.model
    def _parse(self, text, own=None):
        """The name as ``names.DomainName``; raises UserError with what is wrong and what to enter instead."""
        if own is None:
            own = self.env['saas.root_domain'].sudo().with_context(active_test=False).search([]).mapped('name')     # pylint: disable=no-search-all
        try:
            return names.parse(text, own)
        except names.NameProblem as problem:
            raise UserError(self._name_message(problem.code, text)) from problem

    @api.model
    def _name_or_none(self, text):
        try:
            return names.parse(text or '')
        except names.NameProblem:
            return None

    @api.model
    def _name_message(self, code, text):
        """Why ``text`` is no name for a customer, by the codes of ``names.WORDS``."""
        return {
            'empty': _('Enter the domain, for instance www.example.com.'),
            'invalid': _('"%s" is no domain. Enter only the name, without https:// and without a path: www.example.com.', text),
            'too_long': _('This domain is too long: 253 characters are the most.'),
            'label_too_long': _('A part of this domain is too long: 63 characters between two dots are the most.'),
            'single_label': _('"%s" is only half a domain. Enter all of it, for instance www.example.com.', text),
            'address': _('"%s" is an IP address. Enter a domain, for instance www.example.com.', text),
            'wildcard': _('A domain with * stands for many. Add each name by itself.'),
            'suffix': _('Below "%s" everybody can register a name of his own. Enter yours.', text),
            'own': _('"%s" is one of our own names. Enter a domain that belongs to you.', text),
        }.get(code) or _('"%s" cannot be used.', text)

    @api.model
    def _complete(self, vals, ahead=None):
        """What a claim needs beside a customer and a name. ``ahead``: by customer, how many are made with this one."""
        name = self._parse(vals.get('external_domain') or '')
        tenant = self.env['saas.tenant'].sudo().browse(vals.get('tenant_id') or ())
        partner = self._customer_of(vals, tenant)
        root = self.env['saas.root_domain'].browse(vals.get('root_domain_id') or ()) or self._root_for(tenant)
        ahead = {} if ahead is None else ahead
        self._check_limit(partner, ahead.get(partner.id, 0))
        ahead[partner.id] = ahead.get(partner.id, 0) + 1
        return {
            **vals, 'external_domain': name.ascii, 'partner_id': partner.id, 'root_domain_id': root.id,
            'sajet_subdomain': vals.get('sajet_subdomain') or self._free_label(name, tenant, partner),
            'verification_token': vals.get('verification_token') or names.new_token(root.sudo().txt_prefix),
            'next_check_at': vals.get('next_check_at', fields.Datetime.now() + FIRST_CHECK),
            'trying_since': vals.get('trying_since') or fields.Datetime.now(),
        }

    @api.model
    def _customer_of(self, vals, tenant):
        partner = self.env['res.partner'].sudo().browse(vals.get('partner_id') or ()).commercial_partner_id
        if tenant and tenant.state in ('deleting', 'deleted'):
            raise UserError(_('%s is deleted or being deleted. Choose another tenant.', tenant.name))
        if tenant.partner_id and partner and tenant.partner_id != partner:
            raise UserError(_('%(tenant)s does not belong to %(customer)s.', tenant=tenant.name, customer=partner.display_name))
        if not (partner or tenant.partner_id):
            raise UserError(_('Say which customer the domain belongs to.'))
        return partner or tenant.partner_id

    @api.model
    def _root_for(self, tenant):
        """The root domain that the tenant's own address is under, the longest one; else the first."""
        roots = self.env['saas.root_domain'].sudo().search([('active', '=', True)])
        if not roots:
            raise UserError(_('There is no root domain yet. Staff make one under Domains, Root Domains.'))
        host = f'.{tenant.host or ""}'
        above = roots.filtered(lambda root: host.endswith(f'.{root.name}'))
        return max(above, key=lambda root: len(root.name)) if above else roots[0]

    # -- subdomains -----------------------------------------------------------------------------

    @api.model
    def _free_label(self, name, tenant, partner, besides=()):
        """The subdomain derived from the name, made unique; a tenant's own name may be that of one of its domains."""
        label = names.derive_label(name)
        wishes = [label, *(names.numbered(label, number) for number in range(2, CANDIDATES))]
        self.flush_model(['sajet_subdomain', 'lost_at'])
        self.env['saas.tenant'].flush_model(['name', 'state'])
        self.env.cr.execute(TAKEN, {'names': wishes, 'tenant': tenant.id or None, 'partner': partner.id})
        taken = {row[0] for row in self.env.cr.fetchall()}.union(besides)
        return next((wish for wish in wishes if wish not in taken), f'domain-{secrets.token_hex(6)}')

    @api.model
    def _claim(self, vals):
        """``create`` for a person: who takes the same subdomain at the same moment makes us try the next one."""
        chosen, tried = vals.get('sajet_subdomain'), []
        for _attempt in range(ATTEMPTS):
            complete = self._complete(vals)
            if not chosen and complete['sajet_subdomain'] in tried:
                tenant, partner = (self.env[model].sudo().browse(vals.get(field) or ()) for model, field in (
                    ('saas.tenant', 'tenant_id'), ('res.partner', 'partner_id')))
                complete['sajet_subdomain'] = self._free_label(
                    self._parse(vals['external_domain']), tenant, partner, besides=tried)
            try:
                with self.env.cr.savepoint():
                    domain = self.with_context(saas_domain_complete=True).create(complete)
                    domain.flush_recordset()
                    return domain.with_context(saas_domain_complete=False)
            except UniqueViolation as error:
                if error.diag.constraint_name == CLAIM_CONSTRAINT:
                    raise UserError(_('You have added %s already.', complete['external_domain'])) from error
                if chosen or error.diag.constraint_name not in LABEL_CONSTRAINTS:
                    raise
                tried.append(complete['sajet_subdomain'])
        raise UserError(_('Others are adding the same name at this moment. Try again.'))

    # -- limits ---------------------------------------------------------------------------------

    @api.model
    def _limit(self, partner):
        """How many names the customer may have, by the best plan of his tenants with what was bought besides; 0: no limit."""
        tenants = self.env['saas.tenant'].sudo().search(
            [('partner_id', '=', partner.id), ('state', 'not in', ('deleting', 'deleted'))])
        limits = [tenant._domain_limit() for tenant in tenants]
        if not limits:
            return self.env['saas.domain.settings']._number('default_limit')
        return 0 if 0 in limits else max(limits)

    @api.model
    def _count_of(self, partner):
        return self.sudo().search_count([('partner_id', '=', partner.id), ('lost_at', '=', False)])

    @api.model
    def _check_limit(self, partner, ahead=0):
        """Two who add the last name at the same moment both update the customer's row: the later one is refused by
        PostgreSQL (REPEATABLE READ), repeated by Odoo, and then counts what the first one has added."""
        partner.flush_recordset()
        self.env.cr.execute('UPDATE res_partner SET active = active WHERE id = %s', [partner.id], log_exceptions=False)
        limit, count = self._limit(partner), self._count_of(partner) + ahead
        if limit and count >= limit:
            raise LimitReached(_('%(count)s domains of %(limit)s are in use. Remove one, or choose a plan with more.',
                                 count=count, limit=limit), count, limit)
