"""The customer's pages about his own names. What may be seen and done is decided by saas.custom_domain; nothing here grants
anything, and a name of somebody else answers like one that does not exist."""
from werkzeug.exceptions import Forbidden, NotFound

from odoo import _, http
from odoo.http import request
from odoo.tools import escape_psql

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.saas_master import visitor
from odoo.addons.saas_master.controllers.portal import LARGEST_ID, NONE, PAGE, PAGES, PRIVATE, SEARCH_LENGTH, Problem, SaasPortal

LIVING = [('lost_at', '=', False)]
NAME_LENGTH = 300


class SaasDomainsPortal(SaasPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'saas_domain_count' in counters:
            values['saas_domain_count'] = self._count_domains(LIVING)
        return values

    # -- the list -------------------------------------------------------------------------------

    @http.route(['/my/domains', '/my/domains/page/<int:page>'], methods=['GET'], **PAGES)
    def domains(self, page=1, sortby='newest', filterby='present', search='', search_in='all', **_query):
        sortings, filters, inputs = self._domain_sortings(), self._domain_filters(), self._domain_inputs()
        sortby, filterby, search_in = (
            value if value in known else default for value, known, default in (
                (sortby, sortings, 'newest'), (filterby, filters, 'present'), (search_in, inputs, 'all')))
        search = visitor.clean(search).replace('\0', '')[:SEARCH_LENGTH]
        found = filters[filterby]['domain'] + self._domain_search(search, search_in)
        pager = portal_pager('/my/domains', self._count_domains(found), page, PAGE, url_args={
            'sortby': sortby, 'filterby': filterby, 'search': search, 'search_in': search_in})
        domains = self._search_domains(found, order=sortings[sortby]['order'], limit=PAGE, offset=pager['offset'])
        return self._page('saas_domains.portal_domains', {
            'page_name': 'saas_domains', 'domains': domains.sudo(), 'pager': pager, 'default_url': '/my/domains',
            'sortby': sortby, 'filterby': filterby, 'search': search, 'search_in': search_in,
            'searchbar_sortings': sortings, 'searchbar_filters': filters, 'searchbar_inputs': inputs,
            'narrowed': bool(search) or filterby != 'present', 'has_tenant': bool(self._tenants_to_choose()),
        })

    def _domain_sortings(self):
        return {
            'newest': {'label': _('Newest'), 'order': 'id desc'},
            'name': {'label': _('Name'), 'order': 'display_domain, id desc'},
            'check': {'label': _('Last check'), 'order': 'checked_at desc, id desc'},
        }

    def _domain_filters(self):
        return {
            'present': {'label': _('All present ones'), 'domain': LIVING},
            'active': {'label': _('Active'), 'domain': [('is_active', '=', True)]},
            'waiting': {'label': _('Not verified yet'), 'domain': [('verification_status', '!=', 'verified'), *LIVING]},
            'verified': {'label': _('Verified, not active yet'), 'domain': [
                ('verification_status', '=', 'verified'), ('is_active', '=', False), *LIVING]},
            'trouble': {'label': _('Need attention'), 'domain': [
                *LIVING, '|', '|', '|', ('left_at', '!=', False), ('contest_ends_at', '!=', False),
                ('verification_status', '=', 'failed'), ('ssl_status', '=', 'failed')]},
            'ended': {'label': _('Removed'), 'domain': [('lost_at', '!=', False)]},
            'all': {'label': _('All'), 'domain': []},
        }

    def _domain_inputs(self):
        return {
            'all': {'input': 'all', 'label': _('Search everywhere')},
            'name': {'input': 'name', 'label': _('Search in names')},
            'tenant': {'input': 'tenant', 'label': _('Search where they lead')},
        }

    def _domain_search(self, search, search_in):
        """A name is found as people see it and as the DNS has it."""
        if not search:
            return []
        names, tenants = ('display_domain', 'external_domain'), ('tenant_id.name', 'tenant_id.company_name')
        fields = {'all': names + tenants, 'name': names, 'tenant': tenants}[search_in]
        return ['|'] * (len(fields) - 1) + [(field, 'ilike', escape_psql(search)) for field in fields]

    # -- a new one ------------------------------------------------------------------------------

    @http.route('/my/domains/add', methods=['GET'], **PAGES)
    def add_page(self, name='', tenant='', **_query):
        self._check_adds()
        return self._add_page({'external_domain': visitor.clean(name)[:NAME_LENGTH], 'tenant_id': visitor.clean(tenant)})

    @http.route('/my/domains/add', methods=['POST'], **PAGES)
    def add(self, external_domain='', tenant_id='', **_form):
        self._check_adds()
        form = {'external_domain': visitor.clean(external_domain)[:NAME_LENGTH], 'tenant_id': visitor.clean(tenant_id)}
        if not self._number(form['tenant_id']) and len(self._tenants_to_choose()) > 1:
            return self._add_page(form, Problem(status=422), not_chosen=True)
        added = []
        if problem := self._try(lambda: added.append(request.env['saas.custom_domain']._person_add({
                'external_domain': form['external_domain'], 'tenant_id': self._number(form['tenant_id'])}))):
            return self._add_page(form, problem)
        return self._go(f'/my/domains/{added[0].id}', '')

    def _check_adds(self):
        if request.env['saas.people']._right() != 'act':
            raise Forbidden(_('You may not add domains. Ask a colleague who may to give you that right.'))

    def _add_page(self, form, problem=NONE, not_chosen=False):
        """The problem stands beside the field, not above the page."""
        return self._page('saas_domains.portal_add', {
            'page_name': 'saas_domain_add', 'form': form, 'tenants': self._tenants_to_choose().sudo(),
            'wrong': problem.text, 'not_chosen': not_chosen}, problem._replace(text=''))

    def _tenants_to_choose(self):
        return self._search([('state', 'not in', ('deleting', 'deleted'))], order='name, id')

    # -- one ------------------------------------------------------------------------------------

    @http.route('/my/domains/<int:domain_id>', methods=['GET'], **PAGES)
    def domain(self, domain_id, **_query):
        return self._domain_page(self._domain(domain_id))

    @http.route('/my/domains/<int:domain_id>/status', methods=['GET'], save_session=False, **PAGES)
    def domain_status(self, domain_id, **_query):
        return request.make_json_response(self._domain(domain_id)._portal_status(), headers=PRIVATE)

    @http.route('/my/domains/<int:domain_id>/verify', methods=['POST'], **PAGES)
    def domain_verify(self, domain_id, **_form):
        domain, told = self._domain(domain_id), {}
        domain._check_act()
        if problem := self._try(lambda: told.update(domain._person_verify())):
            return self._domain_page(domain, problem)
        return self._go(f'/my/domains/{domain.id}#check', told['message'] if told['outcome'] == 'yes' else '')

    @http.route('/my/domains/<int:domain_id>/activate', methods=['POST'], **PAGES)
    def domain_activate(self, domain_id, **_form):
        return self._act_on(self._domain(domain_id), '_person_activate')

    @http.route('/my/domains/<int:domain_id>/primary', methods=['POST'], **PAGES)
    def domain_primary(self, domain_id, **_form):
        domain = self._domain(domain_id)
        return self._act_on(domain, '_person_make_primary', _('%s is the primary domain now.', domain.display_domain))

    @http.route('/my/domains/<int:domain_id>/tenant', methods=['POST'], **PAGES)
    def domain_tenant(self, domain_id, tenant_id='', **_form):
        domain = self._domain(domain_id)
        tenant = self._search([('id', '=', self._number(visitor.clean(tenant_id)))])
        if problem := self._try(lambda: domain._person_choose_tenant(tenant)):
            return self._domain_page(domain, problem)
        return self._go(f'/my/domains/{domain.id}', _('It leads to %s from now on.', tenant.name))

    @http.route('/my/domains/<int:domain_id>/delete', methods=['POST'], **PAGES)
    def domain_delete(self, domain_id, **_form):
        domain = self._domain(domain_id)
        name = domain.display_domain
        if problem := self._try(domain._person_remove):
            return self._domain_page(domain, problem)
        return self._go('/my/domains', _('%s is removed.', name))

    def _act_on(self, domain, method, said=''):
        if problem := self._try(getattr(domain, method)):
            return self._domain_page(domain, problem)
        return self._go(f'/my/domains/{domain.id}', said)

    # -- of a tenant ----------------------------------------------------------------------------

    @http.route('/my/tenants/<int:tenant_id>/redirect', methods=['POST'], **PAGES)
    def redirect_to_primary(self, tenant_id, wanted='', **_form):
        tenant = self._tenant(tenant_id)
        if problem := self._try(lambda: tenant._person_redirect_to_primary(wanted == '1')):
            return self._tenant_page(tenant, problem)
        return self._go(f'/my/tenants/{tenant.id}#domains', (
            _('Visitors of the other names are sent on to the primary one.') if wanted == '1'
            else _('Each name stays in the address bar from now on.')))

    # -- what they share ------------------------------------------------------------------------

    def _number(self, text):
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0

    def _count_domains(self, found):
        domains = request.env['saas.custom_domain']
        return domains.search_count(domains._customer_domain() + found) if domains.has_access('read') else 0

    def _search_domains(self, found, **options):
        domains = request.env['saas.custom_domain']
        return domains.search(domains._customer_domain() + found, **options) if domains.has_access('read') else domains

    def _domain(self, domain_id):
        """One of the person's own company, or 404 whatever the cause."""
        domain = self._search_domains([('id', '=', domain_id)]) if domain_id <= LARGEST_ID else None
        if not domain:
            raise NotFound()
        return domain

    def _domain_page(self, domain, problem=NONE):
        return self._page('saas_domains.portal_domain', {
            'page_name': 'saas_domain', 'domain': domain.sudo(), 'state': domain._portal_state(),
            'status': domain._portal_status(), 'stage': domain._portal_stage(), 'stages': domain._portal_stages(),
            'acts': domain._customer_acts(), 'may_act': domain._may_act(), 'verdict': domain._verdict(),
            'records': domain._provider_records(), 'notices': domain.sudo()._portal_notices(),
            'tenants': self._tenants_to_choose().sudo() if not domain.sudo().tenant_id else (),
        }, problem)
