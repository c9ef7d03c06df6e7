"""/api/tenants: the life of tenants. Who sees which is decided by the record rules."""
from odoo import http

from ...models.saas_tenant import STATES
from ...step_up import StepUpRequired
from . import tenants_reading as reading
from .endpoint import endpoint
from .errors import ApiError
from .provisioning import accepted, find_customer, find_plan, once, order_tenant
from .reading import invalid
from .schemas_tenants import Accepted, Deletion, NewTenant, Tenant, TenantChange, TenantPage, TenantQuery
from .texts import _lt

TAG = 'tenants'
LIVING = tuple(state for state, _label in STATES if state != 'deleted')
SEARCHED = ('name', 'company_name', 'email')
COLUMNS = {'created_at': 'id'}
NOTHING_SENT = _lt('Send at least one field to change.')
NOT_THE_NAME = _lt('Confirm with the name of the tenant, {name}.')


class TenantsApi(http.Controller):

    @endpoint('GET', '/api/tenants', tag=TAG, summary=_lt('List tenants'), query=TenantQuery, answers={200: TenantPage},
              description=_lt('Those the caller may see: staff all of them, a contact those of his company.'))
    def list_tenants(self, call):
        query, tenants, domain = call.query, call.env['saas.tenant'], _domain(call)
        found = tenants.search_fetch(
            domain, reading.FIELDS, order=_order(query.sort), limit=query.limit, offset=query.offset)
        complete = len(found) < query.limit and (found or not query.offset)
        total = query.offset + len(found) if complete else tenants.search_count(domain)
        return {'items': reading.show_tenants(call, found), 'total': total}

    @endpoint('POST', '/api/tenants', tag=TAG, summary=_lt('Order a tenant'), body=NewTenant, answers={202: Accepted},
              role='manager', errors=('name_taken', 'conflict'), idempotent=True,
              description=_lt('Creates and provisions it; the operation in the answer shows how far it is.'))
    def create_tenant(self, call):
        body = call.body
        return once(call, lambda: accepted(call, order_tenant(call, body.plan, 'name', {
            'name': body.name, 'company_name': body.company_name, 'email': body.email, 'admin_name': body.admin_name,
            'lang': body.lang, 'partner_id': body.customer})))

    @endpoint('GET', '/api/tenants/{name}', tag=TAG, summary=_lt('Read a tenant'), answers={200: Tenant})
    def read_tenant(self, call, name):
        return reading.show_tenant(call, reading.find_tenant(call, name))

    @endpoint('PATCH', '/api/tenants/{name}', tag=TAG, summary=_lt('Change a tenant'), body=TenantChange,
              answers={200: Tenant}, role='manager', errors=('conflict',))
    def change_tenant(self, call, name):
        tenant = reading.find_tenant(call, name)
        values = call.body.model_dump(exclude_unset=True)
        if not values:
            raise invalid([('body', 'missing', call.text(NOTHING_SENT))])
        if 'plan' in values:
            values['plan_id'] = find_plan(call, values.pop('plan')).id
        if 'customer' in values:
            values['partner_id'] = find_customer(call, values.pop('customer')).id
        tenant.write(values)
        return reading.show_tenant(call, tenant)

    @endpoint('DELETE', '/api/tenants/{name}', tag=TAG, summary=_lt('Delete a tenant'), query=Deletion,
              answers={202: Accepted}, errors=('step_up_required', 'conflict'),
              description=_lt('With database and files, for good. A manager\'s request is begun at once; a customer\'s after '
                              'the days of cooling-off ("delete_on"), until which it can be withdrawn. '
                              'Needs a fresh proof of the kind "delete".'))
    def delete_tenant(self, call, name):
        tenant = reading.find_tenant(call, name)
        if call.query.confirm != name:
            raise invalid([('confirm', 'mismatch', call.text(NOT_THE_NAME, name=name))])
        try:
            tenant._person_delete(call.query.confirm)
        except StepUpRequired as problem:
            raise ApiError('step_up_required', str(problem), {
                'kind': problem.kind, 'proof': call.env['saas.step.up']._proof_type()}) from problem
        return accepted(call, tenant)

    @endpoint('POST', '/api/tenants/{name}/suspend', tag=TAG, summary=_lt('Suspend a tenant'), answers={202: Accepted},
              errors=('conflict',), description=_lt('Closes it; its data stays.'))
    def suspend_tenant(self, call, name):
        return self._act(call, name, '_person_suspend')

    @endpoint('POST', '/api/tenants/{name}/resume', tag=TAG, summary=_lt('Resume a tenant'), answers={202: Accepted},
              errors=('conflict',), description=_lt(
                  "Takes the caller's own reason away: staff that of staff, customers their own. It opens when none is left."))
    def resume_tenant(self, call, name):
        return self._act(call, name, '_person_resume')

    @endpoint('POST', '/api/tenants/{name}/keep', tag=TAG, summary=_lt('Withdraw a deletion'), answers={200: Tenant},
              errors=('conflict',), description=_lt('As long as the days of cooling-off are not over.'))
    def keep_tenant(self, call, name):
        tenant = reading.find_tenant(call, name)
        tenant._person_keep()
        return reading.show_tenant(call, tenant)

    def _act(self, call, name, method):
        tenant = reading.find_tenant(call, name)
        getattr(tenant, method)()
        return accepted(call, tenant)


def _domain(call):
    """Deleted ones are history: they are listed when asked for. Customers may not read plans, so their codes are looked up."""
    query = call.query
    domain = [('state', '=', query.state) if query.state else ('state', 'in', LIVING)]
    if query.plan is not None:
        plans = call.env['saas.plan'].sudo().with_context(active_test=False).search([('code', '=', query.plan)])
        domain.append(('plan_id', 'in', plans.ids))
    if query.customer is not None:
        domain.append(('partner_id', '=', query.customer))
    if query.q:
        domain += ['|'] * (len(SEARCHED) - 1) + [(name, 'ilike', query.q) for name in SEARCHED]
    return domain


def _order(sort):
    """Ids follow the time of creation, and break ties."""
    name = sort.lstrip('-')
    direction = ' desc' if sort.startswith('-') else ''
    column = COLUMNS.get(name, name)
    return f'{column}{direction}' if column == 'id' else f'{column}{direction}, id{direction}'
