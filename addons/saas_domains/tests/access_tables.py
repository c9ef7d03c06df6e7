"""Who may do what with the models, methods and routes of this addon: see saas_master/tests/access_tables.py."""
from odoo.addons.saas_master.tests.access_tables import MANAGER, OPENS, READERS, ROLES

OWNERS = ('act', 'manager')                     # of the customer's own webhooks
SEEN = ('act', 'support', 'manager')
HOOK = '/my/webhooks/<int:webhook_id>'
API_HOOK = '/api/webhooks/<string:webhook>'

RIGHTS = {
    'saas.webhook': {'stranger': 'r', 'act': 'r', 'look': 'r', 'support': 'r', 'manager': 'cru'},
    'saas.webhook.delivery': {'stranger': 'r', 'act': 'r', 'look': 'r', 'support': 'r', 'manager': 'r'},
}
ABSTRACT = ('saas.webhook.secret.show',)

METHODS = {
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

BODIES = {
    ('POST', '/api/webhooks'): {'name': 'Matrix', 'url': 'https://hooks.example.com/'},
    ('PATCH', API_HOOK): {'name': 'Matrix'},
}


def _hook(case):
    """A new one each time: some of what is tried removes it."""
    return case.env['saas.webhook'].create(
        {'name': 'Matrix', 'url': 'https://hooks.example.com/', 'partner_id': case.customer.id})


def records(case, user):
    return {
        'saas.webhook': lambda: _hook(case),
        'saas.webhook.delivery': lambda: _hook(case)._person_ping(),
    }


def _domain(case):
    """A claim of the customer's; some of what is tried ends it, and the next one is made."""
    domains = case.env['saas.custom_domain'].sudo()
    own = [('partner_id', '=', case.customer.id), ('external_domain', '=', 'www.matrix.com'), ('lost_at', '=', False)]
    if not case.env['saas.root_domain'].search_count([]):
        case.env['saas.root_domain'].create({'name': 'matrix.test', 'dns_servers': '127.0.0.1:9'})
    return domains.search(own) or domains.create(
        {'external_domain': 'www.matrix.com', 'partner_id': case.customer.id, 'tenant_id': case.own.id})


def holes(case, rule):
    if '<int:domain_id>' in rule:
        return {'<int:domain_id>': _domain(case).id}
    if 'webhook' not in rule:
        return {}
    hook = _hook(case)
    delivery = hook._person_ping()
    return {'<int:webhook_id>': hook.id, '<string:webhook>': hook.id, '<int:delivery_id>': delivery.id,
            '<string:delivery>': delivery.number}
