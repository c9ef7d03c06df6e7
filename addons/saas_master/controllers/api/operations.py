"""/api/operations: how far the work is. Customers see progress, staff the error as well."""
from odoo import http

from . import tenants_reading as reading
from .endpoint import endpoint
from .errors import ApiError
from .schemas_tenants import Operation, OperationPage, OperationQuery
from .texts import _lt

TAG = 'operations'
SCOPES = ('saas.api', 'saas.provisioning')
ONE_S_OWN = _lt('A key of the scope saas.provisioning shows those its owner has asked for.')


class OperationsApi(http.Controller):

    @endpoint('GET', '/api/operations', tag=TAG, summary=_lt('List operations'), query=OperationQuery, scopes=SCOPES,
              answers={200: OperationPage}, description=ONE_S_OWN)
    def list_operations(self, call):
        query, operations = call.query, call.env['saas.operation']
        domain = _domain(call)
        if query.tenant is not None:
            domain.append(('tenant_id.name', '=', query.tenant))
        if query.state:
            domain.append(('state', '=', query.state))
        found = operations.search(domain, limit=query.limit, offset=query.offset)
        return {'items': reading.show_operations(call, found), 'total': operations.search_count(domain)}

    @endpoint('GET', '/api/operations/{id}', tag=TAG, summary=_lt('Follow an operation'), scopes=SCOPES,
              answers={200: Operation}, description=ONE_S_OWN)
    def read_operation(self, call, id):
        operation = call.env['saas.operation'].search([*_domain(call), ('id', '=', int(id))])
        if not operation:
            raise ApiError('not_found')
        return reading.show_operation(call, operation)


def _domain(call):
    return [('requested_by_id', '=', call.user.id)] if call.scope == 'saas.provisioning' else []
