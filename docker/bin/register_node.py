#!/usr/bin/env python3
"""Tell the master about the node beside it and the domain its tenants are under, in a session of its administrator, and
have the template built there.

Repeating it brings the node in line again: so a new password or key of it gets to the master.
"""
import http.cookiejar
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

DATABASE = 'saas_master'
TEMPLATE = 'template_tenant'
BUILD_SECONDS = 1800
RUN = Path(os.environ['SAAS_RUN'])
LOCKED_OUT = ('The master refuses to log admin in: its password is not the one in secrets/admin_password, or it asks for a '
              'second factor. Change the node in the backend instead (Infrastructure, Nodes).')


def secret(name):
    return (RUN / name).read_text().strip()


class Master:
    """The master's Odoo, as a browser has it: only a session may change secrets; ``call`` is one method of one model."""

    def __init__(self, url, password):
        self.url, self.password = url, password
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({}))
        answer = self._post('/web/session/authenticate', refused=LOCKED_OUT, db=DATABASE, login='admin', password=password)
        if not (answer or {}).get('uid'):
            sys.exit(LOCKED_OUT)

    def call(self, model, method, *arguments):
        return self._post(f'/web/dataset/call_kw/{model}/{method}', model=model, method=method, args=arguments, kwargs={})

    def prove(self, kind):
        """Ten minutes to do acts of this kind."""
        self.call('saas.step.up.dialogue', 'create', {
            'kind': kind, 'res_model': 'saas.node', 'res_ids': [], 'method': 'action_change_secrets', 'password': self.password})

    def _post(self, path, refused='', **parameters):
        body = json.dumps({'jsonrpc': '2.0', 'method': 'call', 'id': 1, 'params': parameters})
        request = urllib.request.Request(self.url + path, body.encode(), {'Content-Type': 'application/json'})
        try:
            with self._opener.open(request, timeout=120) as response:
                answer = json.load(response)
        except urllib.error.URLError as error:
            sys.exit(f'The master does not answer at {self.url} ({error.reason}): see `docker compose logs master`.')
        if 'error' in answer:
            reason = answer['error'].get('data', {}).get('message', 'no reason given')
            sys.exit(refused or f'The master refuses: {reason}')
        return answer.get('result')


def node_values(env):
    return {
        'name': env['SAAS_NODE_NAME'], 'series': env['SAAS_SERIES'], 'address_pattern': env['SAAS_TENANT_URL'],
        'pg_host': env['SAAS_DB_HOST'], 'pg_port': int(env['SAAS_DB_PORT']), 'pg_user': 'saas_tenant',
        'pg_password': secret('tenant_db_password'), 'data_dir': env['SAAS_DATA_DIR'],
        'odoo_url': f'http://{env["SAAS_ADDRESS"]}:{env["SAAS_ODOO_PORT"]}',
        'odoo_command': f'{env["SAAS_HOME"]}/docker/bin/saas-odoo', 'odoo_config': f'{env["SAAS_RUN"]}/odoo.conf',
        'router_url': f'http://{env["SAAS_ADDRESS"]}:{env["SAAS_ROUTER_PORT"]}',
        'router_config': f'{env["SAAS_ROUTER_DIR"]}/nginx.conf',
        'router_routes': f'{env["SAAS_ROUTER_DIR"]}/routes.conf',
        'router_command': env.get('SAAS_NGINX', '/usr/sbin/nginx'), 'transport': 'ssh',
        'ssh_host': env['SAAS_ADDRESS'], 'ssh_port': int(env['SAAS_SSH_PORT']),
        'ssh_user': env.get('SAAS_USER', 'odoo'), 'ssh_host_key': ' '.join(secret('node_host_key.pub').split()[:2]),
        'ssh_private_key': secret('node_client_key'),
    }


def register(master, values):
    master.prove('secret')
    found = master.call('saas.node', 'search', [('name', '=', values['name'])])
    if found:
        master.call('saas.node', 'write', found, values)
    node = found[0] if found else master.call('saas.node', 'create', values)
    print(f'Node {values["name"]}: {"brought up to date" if found else "registered"}.', flush=True)
    master.call('saas.node', 'action_test', [node])
    health = master.call('saas.node', 'read', [node], ['health', 'health_note'])[0]
    if health['health'] != 'ok':
        sys.exit(f'The node needs attention: {health["health_note"]}')
    return node


def root_values(env):
    """The root domain of the tenants' addresses; None where these have no real one (prepare.sh localhost)."""
    name = urlsplit(env['SAAS_TENANT_URL'].replace('{name}.', '')).hostname
    return {
        'name': name, 'cloudflare_account': env.get('SAAS_CLOUDFLARE_ACCOUNT', ''), 'tunnel_id': env.get('SAAS_TUNNEL_ID', ''),
        'origin_service': env['SAAS_TUNNEL_SERVICE'], 'fallback_origin': f'fallback.{name}',
    } if '.' in name else None


def register_root(master, values):
    """What staff entered stays; only what is empty is filled in. Zone and API token are theirs to enter."""
    found = master.call('saas.root_domain', 'search', [('name', '=', values['name']), ('active', 'in', [True, False])])
    if found:
        there = master.call('saas.root_domain', 'read', found, list(values))[0]
        missing = {name: value for name, value in values.items() if value and not there[name]}
        if missing:
            master.call('saas.root_domain', 'write', found, missing)
    else:
        found = [master.call('saas.root_domain', 'create', values)]
        print(f'Root domain {values["name"]}: registered.', flush=True)
    root = master.call('saas.root_domain', 'read', found, ['has_token', 'cloudflare_zone', 'tunnel_id'])[0]
    if not all((root['has_token'], root['cloudflare_zone'], root['tunnel_id'])):
        print(f'Root domain {values["name"]}: custom domains need its zone, tunnel and API token. Enter them in the backend '
              '(Configuration, Root Domains); Test there says what is missing.', flush=True)


def build_template(master, node):
    """Build it unless tenants can be cloned from it already; wait for the end of a build."""
    domain = [('name', '=', TEMPLATE), ('node_id', '=', node)]
    found = master.call('saas.template', 'search', domain)
    template = found[0] if found else master.call('saas.template', 'create', {'name': TEMPLATE, 'node_id': node})

    def read():
        return master.call('saas.template', 'read', [template], ['state', 'database_name', 'outdated_reason'])[0]
    if read()['state'] == 'draft':
        print(f'Template {TEMPLATE}: building it; this takes a few minutes.', flush=True)
        master.call('saas.template', 'action_build', [template])
    deadline = time.monotonic() + BUILD_SECONDS
    while read()['state'] == 'building' and time.monotonic() < deadline:
        time.sleep(2)
    record = read()
    if record['state'] != 'ready':
        sys.exit(f'Template {TEMPLATE} is {record["state"]}: {record["outdated_reason"] or "no reason noted"}. '
                 'See the backend (Operations) and build it there (Infrastructure, Templates).')
    print(f'Template {TEMPLATE}: ready.', flush=True)


def main():
    master = Master(os.environ['SAAS_MASTER_RPC'], secret('admin_password'))
    node, root = register(master, node_values(os.environ)), root_values(os.environ)
    if root:
        register_root(master, root)
    build_template(master, node)


if __name__ == '__main__':
    main()
