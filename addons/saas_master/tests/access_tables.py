"""Who may do what, by name: a model, method or route that is missing here fails tests/test_access_matrix.py.

Another addon of ours has tables of the same names in its own tests/access_tables.py, those it needs. There it may also
say ``records(case, user)``: model -> function that returns one of the customer of look and act, and ``holes(case,
rule)``: what stands for a ``<converter:name>`` in that route.
"""
import importlib
from types import SimpleNamespace

NAMES = ('RIGHTS', 'ABSTRACT', 'METHODS', 'EXTENDED', 'EXTENDED_METHODS', 'ROUTES', 'BODIES')

ROLES = ('public', 'employee', 'stranger', 'look', 'act', 'support', 'manager')
NOBODY, SUPPORT, MANAGER = (), ('support', 'manager'), ('manager',)
READERS = ('stranger', 'look', 'act', 'support', 'manager')     # who gets to ask; the record rules decide what is there
EVERYBODY = ROLES
OPENS = ROLES      # answers with what to open, reads nothing; what is opened is guarded
CUSTOMERS = ('look', 'act', 'support', 'manager')

# Model -> role -> rights of the access list: create, read, update, delete.
RIGHTS = {
    'saas.api.key': {'support': 'r', 'manager': 'r'},
    'saas.api.key.new': {'support': 'crud', 'manager': 'crud'},
    'saas.api.key.show': {'support': 'cr', 'manager': 'cr'},
    'saas.audit': {'manager': 'r'},
    'saas.cluster': {'support': 'r', 'manager': 'crud'},
    'saas.container': {'support': 'r', 'manager': 'r'},
    'saas.container.inside': {'support': 'cr', 'manager': 'cr'},
    'saas.container.kept': {'manager': 'crud'},
    'saas.container.take.back': {'manager': 'crud'},
    'saas.idempotency': {},
    'saas.ip_address': {'support': 'r', 'manager': 'crud'},
    'saas.ip_pool': {'support': 'r', 'manager': 'crud'},
    'saas.node': {'support': 'r', 'manager': 'crud'},
    'saas.operation': {'stranger': 'r', 'look': 'r', 'act': 'r', 'support': 'ru', 'manager': 'ru'},
    'saas.operation.step': {'support': 'r', 'manager': 'r'},
    'saas.plan': {'support': 'r', 'manager': 'crud'},
    'saas.rate': {},
    'saas.signup': {'support': 'r', 'manager': 'crud'},
    'saas.standby': {'support': 'r', 'manager': 'r'},
    'saas.standby.pool': {'support': 'r', 'manager': 'crud'},
    'saas.step.skip': {'manager': 'crud'},
    'saas.step.up.dialogue': {'support': 'crud', 'manager': 'crud'},
    'saas.suspension.reason': {'support': 'r', 'manager': 'crud'},
    'saas.template': {'support': 'r', 'manager': 'crud'},
    'saas.tenant': {'stranger': 'r', 'look': 'r', 'act': 'r', 'support': 'r', 'manager': 'crud'},
    'saas.tenant.modules': {'manager': 'crud'},
    'saas.totp.use': {},
}

# Abstract models have no rights of their own; nobody is let in by them.
ABSTRACT = ('saas.audited', 'saas.dashboard', 'saas.live', 'saas.operation.subject', 'saas.people', 'saas.sealed', 'saas.step.up')

# Methods that RPC can call, beside create, write, unlink (above): who is not refused with an access error.
METHODS = {
    'saas.api.key.action_revoke': SUPPORT,          # the record is the caller's own
    'saas.api.key.new.action_make': SUPPORT,
    'saas.audit.action_open_record': OPENS,
    'saas.cluster.action_change_secrets': MANAGER,
    'saas.cluster.action_find_nodes': MANAGER,
    'saas.cluster.action_test': MANAGER,
    'saas.cluster.action_view_containers': OPENS,
    'saas.container.action_inside_containers': SUPPORT,
    'saas.container.action_inside_log': SUPPORT,
    'saas.container.action_inside_status': SUPPORT,
    'saas.container.action_look_again': SUPPORT,
    'saas.container.action_restart_odoo': MANAGER,
    'saas.container.take.back.action_remove_kept': MANAGER,
    'saas.container.take.back.action_take_back': MANAGER,
    'saas.dashboard.get_figures': SUPPORT,
    'saas.ip_address.action_free': MANAGER,
    'saas.ip_address.action_reserve': MANAGER,
    'saas.ip_pool.action_fill': MANAGER,
    'saas.ip_pool.action_view_addresses': OPENS,
    'saas.node.action_change_secrets': MANAGER,
    'saas.node.action_test': MANAGER,
    'saas.node.action_view_containers': OPENS,
    'saas.node.action_view_tenants': OPENS,
    'saas.operation.action_cancel': SUPPORT,
    'saas.operation.action_retry': SUPPORT,
    'saas.operation.action_settle': SUPPORT,
    'saas.operation.action_skip': OPENS,            # the wizard is a manager's
    'saas.operation.step.action_open_log': SUPPORT,
    'saas.operation.step.action_open_operation': OPENS,
    'saas.signup.action_send_link': MANAGER,
    'saas.standby.pool.action_retry': MANAGER,
    'saas.standby.pool.action_view_standbys': OPENS,
    'saas.step.skip.action_skip': MANAGER,
    'saas.step.up.dialogue.action_confirm': SUPPORT,
    'saas.template.action_build': MANAGER,
    'saas.template.action_check': MANAGER,
    'saas.template.action_view_tenants': SUPPORT,
    'saas.tenant.action_backup': MANAGER,
    'saas.tenant.action_delete': MANAGER,
    'saas.tenant.action_inside_containers': SUPPORT,
    'saas.tenant.action_inside_log': SUPPORT,
    'saas.tenant.action_inside_status': SUPPORT,
    'saas.tenant.action_install_modules': OPENS,
    'saas.tenant.action_keep': ('act', 'manager'),
    'saas.tenant.action_look_again': SUPPORT,
    'saas.tenant.action_mass_delete': MANAGER,
    'saas.tenant.action_mass_provision': MANAGER,
    'saas.tenant.action_mass_resume': MANAGER,
    'saas.tenant.action_mass_retry': SUPPORT,
    'saas.tenant.action_mass_suspend': MANAGER,
    'saas.tenant.action_open': CUSTOMERS,
    'saas.tenant.action_provision': MANAGER,
    'saas.tenant.action_read_usage': SUPPORT,
    'saas.tenant.action_restart_container': MANAGER,
    'saas.tenant.action_restart_odoo': MANAGER,
    'saas.tenant.action_resume': MANAGER,
    'saas.tenant.action_retry': SUPPORT,
    'saas.tenant.action_snapshot': MANAGER,
    'saas.tenant.action_start_container': MANAGER,
    'saas.tenant.action_stop_container': MANAGER,
    'saas.tenant.action_suspend': MANAGER,
    'saas.tenant.action_take_back': MANAGER,
    'saas.tenant.action_view_audit': OPENS,
    'saas.tenant.action_view_container': SUPPORT,
    'saas.tenant.action_view_customer': CUSTOMERS,
    'saas.tenant.action_view_operations': OPENS,
    'saas.tenant.modules.action_install': MANAGER,
}
CRUD = ('create', 'write', 'unlink', 'init', 'copy_data', 'default_get')

# Methods of Odoo's models that we extend: what they do by themselves is Odoo's to guard.
EXTENDED = {
    'auth_totp.device.unlink', 'ir.config_parameter.create', 'ir.config_parameter.unlink', 'ir.config_parameter.write',
    'res.config.settings.get_values', 'res.config.settings.set_values', 'res.partner.create', 'res.partner.write',
    'res.users.create', 'res.users.write', 'res.users.apikeys.unlink',
}
EXTENDED_METHODS = {'res.partner.action_view_saas_tenants': ('employee', *CUSTOMERS)}

# Routes: (method, path) -> who gets in. '{own}', '{person}' stand for records of the customer of look and act; the
# stranger is a contact of another one. None: decided by the document, not by the person, and tested elsewhere.
ROUTES = {
    ('GET', '/saas'): EVERYBODY, ('GET', '/saas/signup'): EVERYBODY, ('POST', '/saas/signup'): EVERYBODY,
    ('GET', '/saas/signup/sent'): EVERYBODY, ('GET', '/saas/signup/check'): EVERYBODY,
    # who has the link: tests/test_signup_website.py
    ('GET', '/saas/confirm/<string:token>'): None, ('POST', '/saas/confirm/<string:token>'): None,
    ('POST', '/saas/confirm/<string:token>/renew'): None, ('GET', '/saas/progress/<string:token>'): None,
    ('GET', '/saas/progress/<string:token>/status'): None,
    ('GET', '/my/tenants'): ROLES[1:], ('GET', '/my/tenants/page/<int:page>'): ROLES[1:],
    # the portal is the customers'; staff have the backend
    ('GET', '/my/tenants/<int:tenant_id>'): ('look', 'act'),
    ('GET', '/my/tenants/<int:tenant_id>/status'): ('look', 'act'),
    ('POST', '/my/tenants/<int:tenant_id>/suspend'): ('act',),
    ('POST', '/my/tenants/<int:tenant_id>/resume'): ('act',),
    ('POST', '/my/tenants/<int:tenant_id>/keep'): ('act',),
    ('GET', '/my/tenants/<int:tenant_id>/delete'): ('act',),
    ('POST', '/my/tenants/<int:tenant_id>/delete'): ('act',),
    ('GET', '/my/people'): ('stranger', 'look', 'act'), ('POST', '/my/people'): ('stranger', 'act'),
    ('POST', '/my/people/<int:person_id>/right'): ('act',),
    ('POST', '/my/people/<int:person_id>/invite'): ('act',),
    ('GET', '/api/docs'): EVERYBODY, ('GET', '/api/openapi.json'): EVERYBODY, ('GET', '/api/plans'): EVERYBODY,
    ('GET', '/api/auth/me'): ROLES[1:], ('POST', '/api/auth/refresh'): ROLES[1:], ('POST', '/api/auth/step-up'): ROLES[1:],
    ('POST', '/api/auth/logout'): None, ('POST', '/api/auth/login'): None,
    ('GET', '/api/tenants'): READERS, ('POST', '/api/tenants'): MANAGER,
    ('GET', '/api/tenants/<string:name>'): ('look', 'act', 'support', 'manager'),
    ('PATCH', '/api/tenants/<string:name>'): MANAGER,
    ('DELETE', '/api/tenants/<string:name>'): ('act', 'manager'),
    ('POST', '/api/tenants/<string:name>/keep'): ('act', 'manager'),
    ('POST', '/api/tenants/<string:name>/suspend'): ('act', 'manager'),
    ('POST', '/api/tenants/<string:name>/resume'): ('act', 'manager'),
    ('GET', '/api/operations'): READERS,
    ('GET', '/api/operations/<string:id>'): ('look', 'act', 'support', 'manager'),
    ('POST', '/api/provisioning/tenant'): NOBODY,       # with an API key only: tests/test_api_provisioning.py
    ('GET', '/api/settings'): SUPPORT, ('GET', '/api/settings/odoo/current'): ROLES[1:],     # nodes: staff alone
    ('PATCH', '/api/settings'): MANAGER,
    ('*', '/api'): None, ('*', '/api/<path:rest>'): None,      # whatever else: not found
}

# What is sent where a body is looked at before the person is.
BODIES = {
    ('POST', '/api/tenants'): {'name': 'matrix-new', 'company_name': 'A', 'email': 'a@a.example', 'plan': 'test-plan',
                             'admin_name': 'A'},
}


def merged(env):
    """The tables of all addons that this database has; ``parts``: the modules they come from."""
    addons = sorted(name for name in env.registry._init_modules if name.startswith('saas_'))
    parts = list(filter(None, map(_part, addons)))
    tables = SimpleNamespace(ROLES=ROLES, CRUD=CRUD, parts=parts)
    for name in NAMES:
        kind = type(globals()[name])
        found = [getattr(part, name, kind()) for part in parts]
        setattr(tables, name, {key: value for table in found for key, value in table.items()} if kind is dict
                else {entry for table in found for entry in table})
    return tables


def _part(addon):
    path = f'odoo.addons.{addon}.tests.access_tables'
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as missing:
        if not path.startswith(missing.name):       # it is there, and lacks something else
            raise
        return None
