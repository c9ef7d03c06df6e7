"""Domains as the interface takes and shows them."""
from odoo.exceptions import UserError

from odoo.addons.saas_master.controllers.api.errors import ApiError
from odoo.addons.saas_master.controllers.api.reading import invalid
from odoo.addons.saas_master.controllers.api.texts import _lt

from ...edge import names

ITEM = ('external_domain', 'sajet_full_domain', 'verification_status', 'is_active', 'is_primary')
SAME = ('id', *ITEM, 'display_domain', 'sajet_subdomain', 'verification_token', 'verified_at', 'cloudflare_configured',
        'tunnel_ingress_configured', 'ssl_status', 'claim_state', 'left_at', 'unpublish_at', 'activated_at', 'next_check_at')
SORTED = {'created_at': 'id'}
UNKNOWN_CUSTOMER = _lt('There is no customer with this number.')
UNKNOWN_TENANT = _lt('This customer has no tenant with this number.')
NO_CUSTOMER = _lt('Say which customer the domain belongs to.')


# -- what is asked for --------------------------------------------------------------------------


def listed(call):
    query = call.query
    domain = [('claim_state', '=', query.claim_state)]
    domain += [(field, '=', value) for field, value in (
        ('partner_id', query.customer_id), ('tenant_id', query.tenant_deployment_id), ('verification_status', query.status))
        if value is not None]
    if query.q:
        domain += ['|', ('external_domain', 'ilike', query.q), ('display_domain', 'ilike', query.q)]
    return domain


def order(sort):
    """Ids follow the time of creation, and break ties."""
    column, direction = SORTED.get(sort.lstrip('-'), sort.lstrip('-')), ' desc' if sort.startswith('-') else ''
    return f'{column}{direction}' if column == 'id' else f'{column}{direction}, id{direction}'


def find_domain(call, name):
    """The living claim to this name that the caller may see, the proven one before others; else 404.

    Staff see those of all customers: where none is proven and several are claimed, 409 says by whom.
    """
    try:
        ascii_name = names.parse(name).ascii
    except names.NameProblem:
        raise ApiError('not_found') from None
    wanted = [('external_domain', '=', ascii_name), ('claim_state', '=', 'living')]
    if call.query.customer_id is not None:
        wanted.append(('partner_id', '=', call.query.customer_id))
    found = call.env['saas.custom_domain'].search(wanted)
    found = found.filtered(lambda domain: domain.verification_status == 'verified') or found
    if not found:
        raise ApiError('not_found')
    if len(found) > 1:
        raise ApiError('ambiguous', details={'customers': [
            {'customer_id': domain.partner_id.id, 'name': domain.partner_id.display_name,
             'verification_status': domain.verification_status} for domain in found.sudo()]})
    return found


def claim_values(call):
    """What ``_person_add`` takes, or 422 for what is not there or not the caller's."""
    body, domains = call.body, call.env['saas.custom_domain']
    try:
        domains._parse(body.external_domain)
    except UserError as problem:
        code = getattr(problem.__cause__, 'code', 'invalid')
        raise invalid([('external_domain', f'name_{code}', str(problem))]) from None
    customer = _customer(call, body.customer_id)
    tenant = find_tenant(call, body.tenant_deployment_id, customer)
    if call.is_manager and not (customer or tenant.partner_id):
        raise invalid([('customer_id', 'missing', call.text(NO_CUSTOMER))])
    return {'external_domain': body.external_domain, 'partner_id': customer.id, 'tenant_id': tenant.id}


def _customer(call, number):
    """The company of a contact; nobody without a number. A customer has only his own."""
    if number is None:
        return call.env['res.partner']
    if call.is_staff:
        company = call.env['res.partner'].search([('id', '=', number)]).commercial_partner_id
    else:
        person = call.user.partner_id
        company = person.commercial_partner_id if number in (person.id, person.commercial_partner_id.id) else None
    if not company:
        raise invalid([('customer_id', 'unknown', call.text(UNKNOWN_CUSTOMER))])
    return company


def find_tenant(call, number, customer):
    tenants = call.env['saas.tenant']
    if number is None:
        return tenants
    wanted = [('id', '=', number), ('state', 'not in', ('deleting', 'deleted'))]
    tenant = tenants.search(wanted + ([('partner_id', '=', customer.id)] if customer else []))
    if not tenant:
        raise invalid([('tenant_deployment_id', 'unknown', call.text(UNKNOWN_TENANT))])
    return tenant


# -- what is shown ------------------------------------------------------------------------------


def show_items(_call, found):
    """Values of ``schemas_domains.DomainItem``."""
    return [{'id': domain.id, **{name: domain[name] for name in ITEM}} for domain in found]


def show_claim(call, domain):
    """Values of ``schemas_domains.NewClaim``: the record that matters first."""
    first = domain._instructions(call.lang)[0]
    return {
        **{name: domain[name] for name in ('id', 'external_domain', 'sajet_subdomain', 'sajet_full_domain',
                                           'verification_status', 'verification_token')},
        'verification_instructions': {name: first[name] for name in ('type', 'record', 'value', 'note')}}


def show_domain(call, found):
    return show_domains(call, found)[0]


def show_domains(call, found):
    """Values of ``schemas_domains.Domain`` for domains the caller may see."""
    return [_domain(call, domain) for domain in found.sudo()]


def _domain(call, domain):
    living = not domain.lost_at
    return {
        **{name: domain[name] for name in SAME},
        'root_domain': domain.root_domain_id.name, 'customer_id': domain.partner_id.id,
        'tenant_deployment_id': domain.tenant_id.id or None, 'tenant': domain.tenant_id.name,
        'url': domain.is_active and domain._url(), 'ended_at': domain.lost_at, 'ended_reason': domain.lost_reason or None,
        'created_at': domain.create_date, 'updated_at': domain.write_date,
        **{name: value if call.is_staff else None for name, value in (
            ('cloudflare_dns_record_id', domain.cloudflare_dns_record_id), ('created_by', domain.create_uid.name),
            ('error', domain.error))},
        'operation': brief(domain.operation_id),
        'instructions': domain._instructions(call.lang) if living else [],
        'last_check': _last_check(domain),
    }


def _last_check(domain):
    if not domain.checked_at or not domain.last_outcome:
        return None
    verdict = domain._verdict()
    return {'at': domain.checked_at, 'provider': domain.provider, **{name: verdict[name] for name in (
        'outcome', 'code', 'message', 'expected', 'found', 'next_step', 'warnings')}}


def brief(operation):
    """Values of ``OperationBrief``; None without one."""
    operation = operation.sudo()
    return {'id': operation.id, 'kind': operation.kind, 'state': operation.state,
            'percent': 100 if operation.state == 'done' else operation.progress} if operation else None
