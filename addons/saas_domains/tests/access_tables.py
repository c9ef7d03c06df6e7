"""Who may do what with the models, methods and routes of this addon: see saas_master/tests/access_tables.py."""
from odoo.addons.saas_master.tests.access_tables import CUSTOMERS, MANAGER, OPENS, READERS, ROLES, SUPPORT

OWNERS = ('act', 'manager')                     # of the customer's own webhooks and domains
SEEN = ('act', 'support', 'manager')
HOOK = '/my/webhooks/<int:webhook_id>'
API_HOOK = '/api/webhooks/<string:webhook>'

RIGHTS = {
    'saas.custom_domain': {'stranger': 'r', 'look': 'r', 'act': 'r', 'support': 'r', 'manager': 'crud'},
    'saas.label': {},
    'saas.root_domain': {'support': 'r', 'manager': 'crud'},
    'saas.webhook': {'stranger': 'r', 'act': 'r', 'look': 'r', 'support': 'r', 'manager': 'cru'},
    'saas.webhook.delivery': {'stranger': 'r', 'act': 'r', 'look': 'r', 'support': 'r', 'manager': 'r'},
}
ABSTRACT = ('saas.domain.settings', 'saas.webhook.secret.show')

METHODS = {
    'saas.custom_domain.action_activate': OWNERS,
    'saas.custom_domain.action_make_primary': OWNERS,
    'saas.custom_domain.action_mass_make_primary': OWNERS,
    'saas.custom_domain.action_mass_remove': MANAGER,
    'saas.custom_domain.action_mass_retry': SUPPORT,
    'saas.custom_domain.action_open': CUSTOMERS,
    'saas.custom_domain.action_remove': OWNERS,
    'saas.custom_domain.action_retry': SUPPORT,
    'saas.custom_domain.action_sync': MANAGER,
    'saas.custom_domain.action_verify': SEEN,       # it only asks the DNS
    'saas.custom_domain.action_view_audit': OPENS,
    'saas.custom_domain.action_view_customer': CUSTOMERS,
    'saas.custom_domain.action_view_operations': OPENS,
    'saas.custom_domain.action_view_tenant': CUSTOMERS,
    'saas.root_domain.action_apply_held': MANAGER,
    'saas.root_domain.action_change_token': MANAGER,
    'saas.root_domain.action_drop_held': MANAGER,
    'saas.root_domain.action_sync': MANAGER,
    'saas.root_domain.action_test': MANAGER,
    'saas.root_domain.action_view_audit': OPENS,
    'saas.root_domain.action_view_domains': OPENS,
    'saas.tenant.action_add_domain': CUSTOMERS,
    'saas.tenant.action_view_domains': CUSTOMERS,
    'saas.webhook.action_pause': OWNERS,
    'saas.webhook.action_ping': OWNERS,
    'saas.webhook.action_remove': OWNERS,
    'saas.webhook.action_resume': OWNERS,
    'saas.webhook.action_roll_secret': MANAGER,
    'saas.webhook.action_show_secret': MANAGER,
    'saas.webhook.action_view_audit': OPENS,
    'saas.webhook.action_view_deliveries': OPENS,
    'saas.webhook.delivery.action_open_record': SEEN,
    'saas.webhook.delivery.action_replay': OWNERS,
}
EXTENDED_METHODS = {f'res.partner.{method}': ('employee', *CUSTOMERS) for method in (
    'action_add_saas_domain', 'action_view_saas_domains')}

ROUTES = {
    ('GET', '/my/webhooks'): ('stranger', 'act'), ('POST', '/my/webhooks'): ('stranger', 'act'),
    ('GET', HOOK): ('act',), ('GET', f'{HOOK}/page/<int:page>'): ('act',), ('POST', HOOK): ('act',),
    **{('POST', f'{HOOK}/{act}'): ('act',) for act in (
        'pause', 'resume', 'ping', 'roll', 'delete', 'deliveries/<int:delivery_id>/replay')},
    ('GET', '/api/webhooks'): READERS, ('POST', '/api/webhooks'): ('stranger', 'act', 'manager'),
    ('GET', API_HOOK): SEEN, ('PATCH', API_HOOK): OWNERS, ('DELETE', API_HOOK): OWNERS,
    ('POST', f'{API_HOOK}/roll'): OWNERS, ('POST', f'{API_HOOK}/ping'): OWNERS, ('GET', f'{API_HOOK}/deliveries'): SEEN,
    ('POST', f'{API_HOOK}/deliveries/<string:delivery>/replay'): OWNERS,
}

# the portal is the customers': staff have the backend
PAGE = '/my/domains/<int:domain_id>'
ROUTES |= {
    ('GET', '/my/domains'): ROLES[1:], ('GET', '/my/domains/page/<int:page>'): ROLES[1:],
    ('GET', '/my/domains/add'): ('stranger', 'act'), ('POST', '/my/domains/add'): ('stranger', 'act'),
    ('GET', PAGE): ('look', 'act'), ('GET', f'{PAGE}/status'): ('look', 'act'),
    **{('POST', f'{PAGE}/{act}'): ('act',) for act in ('verify', 'activate', 'primary', 'tenant', 'delete')},
    ('POST', '/my/tenants/<int:tenant_id>/redirect'): ('act',),
}
API = '/api/domains/<string:domain>'
ROUTES |= {
    ('GET', '/api/domains'): READERS, ('POST', '/api/domains'): ('stranger', 'act', 'manager'),
    ('GET', API): CUSTOMERS, ('PATCH', API): OWNERS, ('DELETE', API): OWNERS, ('POST', f'{API}/verify'): SEEN,
    ('POST', f'{API}/activate'): OWNERS, ('POST', f'{API}/make-primary'): OWNERS,
    ('GET', '/api/cloudflare/tunnel'): SUPPORT, ('GET', '/api/cloudflare/ingress'): SUPPORT,
    ('GET', '/api/cloudflare/dns'): SUPPORT, ('POST', '/api/cloudflare/sync'): MANAGER,
}

BODIES = {
    ('POST', '/api/domains'): {'external_domain': 'www.matrix.org'},
    ('PATCH', API): {'tenant_deployment_id': 1},
    ('POST', '/api/webhooks'): {'name': 'Matrix', 'url': 'https://hooks.example.com/'},
    ('PATCH', API_HOOK): {'name': 'Matrix'},
}


def _hook(case):
    """A new one each time: some of what is tried removes it."""
    return case.env['saas.webhook'].create(
        {'name': 'Matrix', 'url': 'https://hooks.example.com/', 'partner_id': case.customer.id})


def records(case, user):
    return {
        'saas.root_domain': lambda: _root(case),
        'saas.custom_domain': lambda: _domain(case),
        'saas.webhook': lambda: _hook(case),
        'saas.webhook.delivery': lambda: _hook(case)._person_ping(),
    }


def _domain(case):
    """A claim of the customer's; some of what is tried ends it, and the next one is made."""
    domains = case.env['saas.custom_domain'].sudo()
    own = [('partner_id', '=', case.customer.id), ('external_domain', '=', 'www.matrix.com'), ('lost_at', '=', False)]
    found = domains.search(own) or domains.create({
        'external_domain': 'www.matrix.com', 'partner_id': case.customer.id, 'tenant_id': case.own.id,
        'root_domain_id': _root(case).id})
    case.env.flush_all()
    case.env.invalidate_all()       # who may not read it must not find it in the cache
    return found.with_env(case.env)


def _root(case):
    """Its resolver and its Cloudflare are a port where nobody listens."""
    roots = case.env['saas.root_domain']
    return roots.search([('name', '=', 'matrix.test')]) or roots.create({
        'name': 'matrix.test', 'is_sandbox': True, 'dns_servers': '127.0.0.1:9', 'api_base': 'http://127.0.0.1:9'})


def holes(case, rule):
    if ':domain' in rule:
        domain = _domain(case)
        return {'<int:domain_id>': domain.id, '<string:domain>': domain.external_domain}
    if 'webhook' not in rule:
        return {}
    hook = _hook(case)
    delivery = hook._person_ping()
    return {'<int:webhook_id>': hook.id, '<string:webhook>': hook.id, '<int:delivery_id>': delivery.id,
            '<string:delivery>': delivery.number}
