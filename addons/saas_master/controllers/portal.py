"""The customer's pages. What may be seen and done is decided by saas.tenant and saas.people; nothing here grants anything.

A tenant of somebody else answers like one that does not exist.
"""
from contextlib import nullcontext
from typing import NamedTuple

from werkzeug.exceptions import Forbidden, NotFound

from odoo import _, http
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import escape_psql

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .. import visitor
from ..models.saas_rate import RateLimited

PAGE = 20
LARGEST_ID = 2**31 - 1
SEARCH_LENGTH = 100
PRIVATE = {'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin', 'X-Robots-Tag': 'noindex, nofollow'}
SAID = 'saas_said'          # in the session: what the next page tells, once
PAGES = {'auth': 'user', 'type': 'http', 'website': True, 'sitemap': False}


class Problem(NamedTuple):
    """Why something was not done: what the page says about it, and how it answers."""
    text: str = ''
    status: int = 200
    retry_after: int = 0


NONE = Problem()


class SaasPortal(CustomerPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'saas_tenant_count' in counters:
            values['saas_tenant_count'] = self._count([('state', '!=', 'deleted')])
        return values

    # -- the list -------------------------------------------------------------------------------

    @http.route(['/my/tenants', '/my/tenants/page/<int:page>'], methods=['GET'], **PAGES)
    def tenants(self, page=1, sortby='newest', filterby='present', search='', search_in='all', **_query):
        sortings, filters, inputs = self._sortings(), self._filters(), self._inputs()
        sortby, filterby, search_in = (
            value if value in known else default for value, known, default in (
                (sortby, sortings, 'newest'), (filterby, filters, 'present'), (search_in, inputs, 'all')))
        search = visitor.clean(search).replace('\0', '')[:SEARCH_LENGTH]
        found = filters[filterby]['domain'] + self._search_domain(search, search_in)
        pager = portal_pager('/my/tenants', self._count(found), page, PAGE, url_args={
            'sortby': sortby, 'filterby': filterby, 'search': search, 'search_in': search_in})
        tenants = self._search(found, order=sortings[sortby]['order'], limit=PAGE, offset=pager['offset'])
        return self._page('saas_master.portal_tenants', {
            'page_name': 'saas_tenants', 'tenants': tenants.sudo(), 'pager': pager, 'default_url': '/my/tenants',
            'sortby': sortby, 'filterby': filterby, 'search': search, 'search_in': search_in,
            'searchbar_sortings': sortings, 'searchbar_filters': filters, 'searchbar_inputs': inputs,
            'narrowed': bool(search) or filterby != 'present',
        })

    def _sortings(self):
        return {
            'newest': {'label': _('Newest'), 'order': 'id desc'},
            'name': {'label': _('Name'), 'order': 'name, id desc'},
            'trial': {'label': _('End of trial'), 'order': 'trial_end, id desc'},
        }

    def _filters(self):
        states = {
            'running': _('Running'), 'suspended': _('Closed'), 'provisioning': _('Being set up'), 'deleted': _('Deleted')}
        return {
            'present': {'label': _('All present ones'), 'domain': [('state', '!=', 'deleted')]},
            **{state: {'label': label, 'domain': [('state', '=', state)]} for state, label in states.items()},
            'leaving': {'label': _('To be deleted'), 'domain': [('delete_on', '!=', False), ('state', '!=', 'deleted')]},
            'all': {'label': _('All'), 'domain': []},
        }

    def _inputs(self):
        return {
            'all': {'input': 'all', 'label': _('Search everywhere')},
            'name': {'input': 'name', 'label': _('Search in names')},
            'company_name': {'input': 'company_name', 'label': _('Search in companies')},
        }

    def _search_domain(self, search, search_in):
        if not search:
            return []
        fields = ('name', 'company_name') if search_in == 'all' else (search_in,)
        return ['|'] * (len(fields) - 1) + [(field, 'ilike', escape_psql(search)) for field in fields]

    # -- one tenant -----------------------------------------------------------------------------

    @http.route('/my/tenants/<int:tenant_id>', methods=['GET'], **PAGES)
    def tenant(self, tenant_id, **_query):
        return self._tenant_page(self._tenant(tenant_id))

    @http.route('/my/tenants/<int:tenant_id>/status', methods=['GET'], save_session=False, **PAGES)
    def status(self, tenant_id, **_query):
        return request.make_json_response(self._tenant(tenant_id)._customer_status(), headers=PRIVATE)

    @http.route('/my/tenants/<int:tenant_id>/suspend', methods=['POST'], **PAGES)
    def suspend(self, tenant_id, **_form):
        return self._act(self._tenant(tenant_id), '_person_suspend')

    @http.route('/my/tenants/<int:tenant_id>/resume', methods=['POST'], **PAGES)
    def resume(self, tenant_id, **_form):
        return self._act(self._tenant(tenant_id), '_person_resume')

    @http.route('/my/tenants/<int:tenant_id>/keep', methods=['POST'], **PAGES)
    def keep(self, tenant_id, **_form):
        return self._act(self._tenant(tenant_id), '_person_keep', said=_('It stays. The deletion is withdrawn.'))

    def _act(self, tenant, method, said=''):
        if problem := self._try(getattr(tenant, method)):
            return self._tenant_page(tenant, problem)
        return self._go(f'/my/tenants/{tenant.id}', said)

    # -- deletion -------------------------------------------------------------------------------

    @http.route('/my/tenants/<int:tenant_id>/delete', methods=['GET'], **PAGES)
    def delete_page(self, tenant_id, **_query):
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        if not tenant._customer_acts()['delete']:
            return self._go(f'/my/tenants/{tenant.id}', '')
        return self._delete_page(tenant)

    @http.route('/my/tenants/<int:tenant_id>/delete', methods=['POST'], **PAGES)
    def delete(self, tenant_id, typed_name='', proof='', **_form):
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        typed_name = visitor.clean(typed_name)
        problem = (self._try(lambda: tenant._check_typed_name(typed_name)) or self._prove('delete', proof)
                   or self._try(lambda: tenant._person_delete(typed_name)))
        if problem:
            return self._delete_page(tenant, problem, typed_name)
        return self._go(f'/my/tenants/{tenant.id}', '')

    def _prove(self, kind, proof):
        """None when it is proven, else the problem. A code counts as used whatever comes of the act."""
        steps = request.env['saas.step.up']
        if steps._is_fresh(kind):
            return None
        return self._try(lambda: steps._prove(kind, proof if isinstance(proof, str) else ''), undo=nullcontext)

    def _delete_page(self, tenant, problem=NONE, typed_name=''):
        steps = request.env['saas.step.up']
        return self._page('saas_master.portal_delete', {
            'page_name': 'saas_delete', 'tenant': tenant.sudo(), 'typed_name': typed_name,
            'proof_type': not steps._is_fresh('delete') and steps._proof_type(), 'at_once': tenant._is_manager(),
            'days': tenant._cooling_off_days(), 'day': tenant._deletion_day(),
        }, problem)

    # -- people ---------------------------------------------------------------------------------

    @http.route('/my/people', methods=['GET'], **PAGES)
    def people(self, **_query):
        return self._people_page()

    @http.route('/my/people', methods=['POST'], **PAGES)
    def invite(self, **form):
        people = request.env['saas.people']
        people._check_manages()
        values, errors = people._check_form(form)
        if errors:
            return self._people_page(Problem(status=422), values, errors)
        if problem := self._try(lambda: people._invite(**values)):
            return self._people_page(problem, values)
        return self._go('/my/people', _('The invitation is on its way to %s.', values['email']))

    @http.route('/my/people/<int:person_id>/right', methods=['POST'], **PAGES)
    def change_right(self, person_id, right='', **_form):
        person = self._person(person_id)
        wanted = False if right == 'none' else right
        if problem := self._try(lambda: request.env['saas.people']._change(person, wanted)):
            return self._people_page(problem)
        return self._go('/my/people', _('%s: the access is changed.', person.name))

    @http.route('/my/people/<int:person_id>/invite', methods=['POST'], **PAGES)
    def invite_again(self, person_id, **_form):
        person = self._person(person_id)
        if problem := self._try(lambda: request.env['saas.people']._invite_again(person)):
            return self._people_page(problem)
        return self._go('/my/people', _('A new invitation is on its way to %s.', person.name))

    def _person(self, person_id):
        people = request.env['saas.people']
        people._check_manages()
        person = people._find(person_id) if person_id <= LARGEST_ID else None
        if not person:
            raise NotFound()
        return person

    def _people_page(self, problem=NONE, values=None, errors=None):
        people = request.env['saas.people']
        right = people._right()
        if not right:
            return self._page('saas_master.portal_no_right', {'page_name': 'saas_people'}, Problem(status=403))
        return self._page('saas_master.portal_people', {
            'page_name': 'saas_people', 'people': people._all(), 'company': people._company(), 'manages': right == 'act',
            'myself': request.env.user.partner_id, 'values': values or {}, 'errors': errors or {},
        }, problem)

    # -- what all pages share -------------------------------------------------------------------

    def _may_read(self):
        return request.env['saas.tenant'].has_access('read')

    def _count(self, domain):
        tenants = request.env['saas.tenant']
        return tenants.search_count(tenants._customer_domain() + domain) if self._may_read() else 0

    def _search(self, domain, **options):
        tenants = request.env['saas.tenant']
        return tenants.search(tenants._customer_domain() + domain, **options) if self._may_read() else tenants

    def _tenant(self, tenant_id):
        """One of the person's own company, or 404 whatever the cause."""
        tenant = self._search([('id', '=', tenant_id)]) if tenant_id <= LARGEST_ID else None
        if not tenant:
            raise NotFound()
        return tenant

    def _tenant_page(self, tenant, problem=NONE):
        return self._page('saas_master.portal_tenant', {
            'page_name': 'saas_tenant', 'tenant': tenant.sudo(), 'acts': tenant._customer_acts(),
            'status': tenant._customer_status(), 'usage': tenant.sudo()._customer_usage(),
            'container': tenant.sudo()._customer_container(), 'may_act': tenant._may_act(),
            'history': tenant.sudo()._customer_history(), 'own_reason': tenant._own_reason(),
        }, problem)

    def _try(self, act, undo=None):
        """None when all went well, else the problem; what failed has changed nothing."""
        try:
            with (undo or request.env.cr.savepoint)():
                act()
        except RateLimited as limited:
            return Problem(request.env['saas.step.up']._explain_limit(limited), 429, limited.retry_after)
        except AccessError as error:
            raise Forbidden(str(error)) from None
        except UserError as error:
            return Problem(str(error), 422)
        return None

    def _go(self, path, said):
        if said:
            request.session[SAID] = said
        return request.redirect(path)

    def _page(self, template, values, problem=NONE):
        people = request.env['saas.people']
        right = people._right()
        response = request.render(template, {
            **self._prepare_portal_layout_values(), 'said': request.session.pop(SAID, ''), 'problem': problem.text,
            'right': right, 'asked': people._who_acts() if not right else (), **values})
        response.status_code = problem.status
        response.headers.update(PRIVATE)
        if problem.retry_after:
            response.headers['Retry-After'] = str(problem.retry_after)
        return response
