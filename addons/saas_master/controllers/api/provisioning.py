"""Ordering tenants, by people and by programs; each order at most once by its ``Idempotency-Key``."""
import hashlib
import json
import re

from odoo import http
from odoo.http import request

from . import tenants_reading as reading
from .dispatcher import Answer, shape
from .endpoint import endpoint
from .errors import ApiError
from .reading import invalid
from .schemas_tenants import Accepted, NewProvision
from .texts import _lt

KEY_FORM = re.compile('[!-~]{1,255}')       # visible ASCII
UNKNOWN_PLAN = _lt('There is no plan with this code. Choose one of /api/plans.')
UNKNOWN_CUSTOMER = _lt('There is no customer with this number.')
UNKNOWN_LANG = _lt('This language is not installed.')
NO_PLAN = _lt('No plan is on offer; name one as "plan".')
NO_EMAIL = _lt('The owner of this key has no e-mail address; send one as "email".')
BAD_KEY = _lt('Use 1 to 255 visible ASCII characters.')


class ProvisioningApi(http.Controller):

    @endpoint('POST', '/api/provisioning/tenant', tag='provisioning', summary=_lt('Provision a tenant'), who='key',
              scopes=('saas.provisioning', 'saas.api'), role='manager', body=NewProvision, answers={202: Accepted},
              errors=('name_taken', 'conflict'), idempotent=True,
              description=_lt('For programs, with an API key of the scope saas.provisioning: two fields are enough.'))
    def provision(self, call):
        body = call.body
        plan = body.plan or call.env['saas.plan'].search([('is_published', '=', True)], limit=1).code
        if not plan:
            raise invalid([('plan', 'missing', call.text(NO_PLAN))])
        email = body.email or call.user.email_normalized
        if not email:
            raise invalid([('email', 'missing', call.text(NO_EMAIL))])
        return once(call, lambda: accepted(call, order_tenant(call, plan, 'subdomain', {
            'name': body.subdomain, 'company_name': body.tenant_name, 'admin_name': body.tenant_name, 'email': email,
            'lang': body.lang, 'partner_id': body.customer})))


def order_tenant(call, plan, name_field, values):
    """Create and provision a tenant with the caller's own rights; ``name_field`` is what the caller calls its name."""
    problem = call.env['saas.tenant']._name_problem(values['name'])
    if problem and problem[0] == 'taken':
        raise ApiError('name_taken', problem[1])
    if problem:
        raise invalid([(name_field, f'name_{problem[0]}', problem[1])])
    tenant = call.env['saas.tenant'].create({
        **values, 'plan_id': find_plan(call, plan).id, 'lang': find_lang(call, values['lang']),
        'partner_id': find_customer(call, values['partner_id']).id})
    tenant.action_provision()
    return tenant


def find_plan(call, code):
    plan = call.env['saas.plan'].search([('code', '=', code)], limit=1)
    if not plan:
        raise invalid([('plan', 'unknown', call.text(UNKNOWN_PLAN))])
    return plan


def find_customer(call, number):
    """The company of a contact; nobody without a number."""
    partner = call.env['res.partner'].search([('id', '=', number)]) if number else call.env['res.partner']
    if number and not partner:
        raise invalid([('customer', 'unknown', call.text(UNKNOWN_CUSTOMER))])
    return partner.commercial_partner_id


def find_lang(call, code):
    if code not in dict(call.env['res.lang'].get_installed()):
        raise invalid([('lang', 'unknown', call.text(UNKNOWN_LANG))])
    return code


def accepted(call, tenant):
    """202 with the tenant and the operation that is under way, whose address is the Location."""
    operation = call.env['saas.operation'].browse(tenant._active_operation().id)
    headers = {'Location': f'/api/operations/{operation.id}'} if operation else {}
    return Answer({'tenant': reading.show_tenant(call, tenant), 'operation': reading.show_operation(call, operation)},
                  headers=headers)


def once(call, make):
    """What ``make`` answers; to the same request with the same Idempotency-Key the very same again.

    A request that ended in an error left nothing behind and may be sent again with its key.
    """
    key = call.headers.get('Idempotency-Key')
    if key is None:
        return make()
    if not KEY_FORM.fullmatch(key):
        raise invalid([('Idempotency-Key', 'form', call.text(BAD_KEY))])
    done, is_new = call.env['saas.idempotency'].sudo()._claim(call.user, key, _digest(call))
    if not is_new:
        if done.request_hash != _digest(call):
            raise ApiError('idempotency_key_reused')
        location = {'Location': done.location} if done.location else {}
        return Answer(done.answer, is_shaped=True, headers={**location, 'Idempotent-Replayed': 'true'})
    answer = make()
    answer.data, answer.is_shaped = shape(next(iter(call.spec.answers.values())), answer.data), True
    done._keep(answer.data, answer.headers.get('Location'))
    return answer


def _digest(call):
    body = json.dumps(call.body.model_dump(mode='json'), sort_keys=True)
    return hashlib.sha256(f'{request.httprequest.path} {body}'.encode()).hexdigest()
