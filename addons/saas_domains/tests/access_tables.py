"""Who may do what with the models, methods and routes of this addon: see saas_master/tests/access_tables.py."""
from odoo.addons.saas_master.tests.access_tables import MANAGER, OPENS, READERS

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


def holes(case, rule):
    if 'webhook' not in rule:
        return {}
    hook = _hook(case)
    delivery = hook._person_ping()
    return {'<int:webhook_id>': hook.id, '<string:webhook>': hook.id, '<int:delivery_id>': delivery.id,
            '<string:delivery>': delivery.number}
