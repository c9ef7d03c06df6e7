"""The records a working stack needs beside those of the addons: its own node, that node's template, a root domain, a Stripe
account with plans that are paid for.

Over the master's interface as its administrator; repeating it changes nothing.
"""
import time

from . import seed_billing, seed_domains
from .report import Problem, say
from .rpc import RemoteError

NODE = 'local'
TEMPLATE = 'template_tenant'
BUILD_SECONDS = 900


def seed(stack):
    """Create or update node and root domain, build the template unless a tenant can be cloned from it."""
    session = stack.session()
    try:
        node = _node(session, stack)
        seed_domains.seed(session, stack)
        seed_billing.seed(session, stack)
        _template(session, node)
        seed_billing.wait(session)
    except RemoteError as error:
        raise Problem(f'The master refuses its node, root domain, Stripe account or template: {error}') from None


def _node(session, stack):
    values = node_values(stack)
    found = session.search_read('saas.node', [('name', '=', NODE)], list(values), limit=1)
    if not found:
        say(f'master: creating the node "{NODE}"')
        session.prove('secret')
        return session.call('saas.node', 'create', {**values, 'pg_password': stack.secrets['TENANT_DB_PASSWORD']})
    node = found[0]
    changed = {name: value for name, value in values.items() if node[name] != value}
    if changed:
        session.prove('secret')
        session.call('saas.node', 'write', [node['id']], {
            **changed, 'pg_password': stack.secrets['TENANT_DB_PASSWORD']})
    return node['id']


def node_values(stack):
    """What the master must know of this stack's own tenant server; its password is written besides."""
    settings, state = stack.settings, stack.settings.state
    return {
        'name': NODE, 'series': stack.odoo.series, 'transport': 'local',
        'address_pattern': f'http://{{name}}.localhost:{settings.ports.http}',
        'pg_host': stack.server.host, 'pg_port': stack.server.port, 'pg_user': 'saas_tenant',
        'data_dir': str(state / 'tenant-data'),
        'odoo_url': stack.tenant_url, 'odoo_command': str(state / 'bin/odoo-tenant'),
        'odoo_config': str(state / 'odoo-tenant.conf'),
        'router_url': f'http://127.0.0.1:{settings.ports.http}', 'router_config': str(stack.nginx.config),
        'router_routes': str(stack.nginx.routes), 'router_command': ' '.join(stack.nginx.command),
    }


def _template(session, node):
    domain = [('name', '=', TEMPLATE), ('node_id', '=', node)]
    found = session.search_read('saas.template', domain, ['state'], limit=1)
    template = found[0]['id'] if found else session.call('saas.template', 'create', {'name': TEMPLATE, 'node_id': node})
    state = found[0]['state'] if found else 'draft'
    if state in ('draft', 'outdated'):
        say(f'template {TEMPLATE}: building the database that tenants are cloned from')
        session.call('saas.template', 'action_build', [template])
        state = 'building'
    if state == 'building':
        watch(session, template, TEMPLATE)


def watch(session, template, name):
    """Print each step of the build as it begins, until the template is ready."""
    end, shown = time.monotonic() + BUILD_SECONDS, None
    while time.monotonic() < end:
        state = session.search_read('saas.template', [('id', '=', template)], ['state'])[0]['state']
        operation = session.search_read('saas.operation', [('template_id', '=', template)],
                                        ['current_step', 'error'], order='id desc', limit=1)[0]
        if state == 'ready':
            say(f'template {name}: ready')
            return
        if state != 'building':
            raise Problem(f'The template {name} could not be built at the step "{operation["current_step"]}": '
                          f'{operation["error"] or "see `make logs`"} Mend the cause and repeat.')
        if operation['current_step'] not in (shown, False):
            shown = operation['current_step']
            say(f'template {name}: {shown}')
        time.sleep(0.3)
    raise Problem(f'The template {name} was not ready after {BUILD_SECONDS} s; `make logs` shows why.')
