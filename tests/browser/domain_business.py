"""Custom domains in every state with two root domains, as screens for people show them.

Written beneath Odoo and taken away again; nothing of them exists outside, so crons that would look for it rest meanwhile.
"""
import json
from contextlib import contextmanager

ROOT = 'sajet.example'
OTHER = 'clientes.example'
# name, label, customer, tenant, values that differ from those of its status
DOMAINS = (
    ('www.impulse-max.com', 'impulse-max', 'ImpulseMax', 'active', {'is_primary': True}),
    ('tienda.impulse-max.com', 'tienda-impulse-max', 'ImpulseMax', 'active', {}),
    ('impulse-max.com', 'impulse-max-2', 'ImpulseMax', 'flattened', {}),
    ('www.evolucionamujer.com', 'evolucionamujer', 'EvolucionaMujer', 'active', {'is_primary': True}),
    ('www.techeels.io', 'techeels', 'TecHeels', 'active', {'is_primary': True, 'ssl_status': 'expiring', 'alert': 'certificate'}),
    ('blog.techeels.io', 'blog-techeels', 'TecHeels', 'wrong', {'alert': 'unverified'}),
    ('erp.alpina.example', 'erp-alpina', 'Alpina Outdoor', 'publishing', {}),
    ('xn--caf-brio-f1a.example', 'cafe-brio', 'Brio Coffee', 'pending', {'display_domain': 'café-brio.example', 'is_apex': True}),
    ('portal.cobalto.example', 'portal-cobalto', 'Cobalto Studio', 'broken', {}),
    ('www.deltafoods.example', 'deltafoods', 'Delta Foods', 'left', {}),
    ('clinica.estela.example', 'clinica-estela', 'Estela Dental', 'failed', {}),
    ('www.faro.example', 'faro', 'Faro Logistics', 'verifying', {}),
    ('www.granada.example', 'granada', 'Granada Books', 'ended', {}),
)
EDGES = {'to_publish': True, 'is_routed': True, 'is_route_live': True, 'cloudflare_configured': True,
         'tunnel_ingress_configured': True, 'points_here': True}
STATUSES = {
    'active': {**EDGES, 'verification_status': 'verified', 'is_active': True, 'ssl_status': 'active', 'last_outcome': 'yes',
               'last_code': 'yes', 'provider': 'godaddy'},
    'left': {**EDGES, 'verification_status': 'verified', 'is_active': True, 'ssl_status': 'active', 'last_outcome': 'no',
             'last_code': 'wrong_cname', 'last_found': ['shops.elsewhere.example'], 'alert': 'left', 'urgency': 'alert',
             'points_here': False},
    'publishing': {'verification_status': 'verified', 'to_publish': True, 'ssl_status': 'pending', 'last_outcome': 'yes',
                   'last_code': 'yes', 'cloudflare_configured': True},
    'broken': {'verification_status': 'verified', 'to_publish': True, 'last_outcome': 'yes', 'last_code': 'yes',
               'alert': 'propagation', 'attention': 1, 'urgency': 'failed'},
    'pending': {'verification_status': 'pending'},
    'verifying': {'verification_status': 'verifying', 'last_outcome': 'no', 'last_code': 'no_record', 'last_found': []},
    'wrong': {'verification_status': 'verifying', 'last_outcome': 'no', 'last_code': 'wrong_address', 'provider': 'godaddy',
              'last_found': ['203.0.113.80', '203.0.113.81'], 'urgency': 'alert', 'last_warnings': [
                  {'code': 'aaaa_left', 'values': {'addresses': ['2001:db8::80']}},
                  {'code': 'ttl_high', 'values': {'ttl': 86400}}]},
    'flattened': {'verification_status': 'verifying', 'last_outcome': 'no', 'last_code': 'flattened_needs_txt', 'is_apex': True,
                  'provider': 'cloudflare', 'last_found': ['198.51.100.7']},
    'failed': {'verification_status': 'failed', 'last_outcome': 'no', 'last_code': 'nxdomain', 'last_found': []},
    'ended': {'verification_status': 'verified', 'claim_state': 'ended', 'lost_reason': 'removed'},
}
RESTING = ('cron_root_health', 'cron_reconcile', 'cron_domain_alerts')
LOOKS = ('token', 'zone', 'records', 'hostnames', 'fallback', 'tunnel', 'connectors', 'resolvers')
HELD = (
    '- CNAME deltafoods.clientes.example → 8f1c.cfargotunnel.com', '- CNAME faro.clientes.example → 8f1c.cfargotunnel.com',
    '- CNAME granada.clientes.example → 8f1c.cfargotunnel.com',
    '~ CNAME impulse-max.clientes.example → 8f1c.cfargotunnel.com  →  CNAME impulse-max.clientes.example → 2b7d.cfargotunnel.com',
    '~ CNAME techeels.clientes.example → 8f1c.cfargotunnel.com  →  CNAME techeels.clientes.example → 2b7d.cfargotunnel.com',
    '+ CNAME erp-alpina.clientes.example → 2b7d.cfargotunnel.com')
STEPS = ('cloudflare', 'certificate', 'ingress', 'domain_route', 'probe', 'activated', 'base_url')
REFUSED = 'Cloudflare refuses the custom hostname portal.cobalto.example: its zone is held by another account. Ask the customer.'


@contextmanager
def domain_business(world):
    """``{name: id}`` of the domains; ``root`` and ``other`` are the root domains."""
    sql, staff = world.master_sql, world.staff()
    names = dict.fromkeys(customer for _name, _label, customer, _status, _values in DOMAINS)
    partners = {name: staff.call('res.partner', 'create', {'name': name, 'is_company': True}) for name in names}
    _rest(sql, True)
    try:
        yield _business(sql, partners)
    finally:
        ours = list(partners.values())
        sql('DELETE FROM saas_custom_domain WHERE partner_id = ANY(%s)', ours)
        sql('DELETE FROM saas_root_domain WHERE name IN %s', (ROOT, OTHER))
        sql('DELETE FROM saas_tenant WHERE partner_id = ANY(%s)', ours)
        staff.call('res.partner', 'unlink', ours)
        _rest(sql, False)


def _rest(sql, is_resting):
    """One that is running just now is waited for."""
    sql("UPDATE ir_cron SET active = %s WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'saas_domains'"
        ' AND name IN %s)', not is_resting, RESTING)


def _business(sql, partners):
    made = {'root': _root(sql, ROOT), 'other': _root(sql, OTHER, **_trouble())}
    tenants = {name: _tenant(sql, number, name, partner) for number, (name, partner) in enumerate(partners.items())}
    for number, (name, label, customer, status, values) in enumerate(DOMAINS):
        made[name] = _domain(sql, number, {
            'external_domain': name, 'sajet_subdomain': label, 'partner_id': partners[customer],
            'tenant_id': tenants[customer], 'root_domain_id': made['root'], **STATUSES[status], **values})
    _operation(sql, made['erp.alpina.example'], 'waiting', 2)
    _operation(sql, made['portal.cobalto.example'], 'failed', 0, REFUSED)
    _operation(sql, made['www.impulse-max.com'], 'done', len(STEPS))
    return made


def insert(sql, table, **values):
    """One row; the dates of its making are now unless given."""
    values = {'create_uid': 1, 'write_uid': 1, **values}
    values = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in values.items()}
    marks = ', '.join(['%s'] * len(values))
    dates = [name for name in ('create_date', 'write_date') if name not in values]
    names = ', '.join([f'"{name}"' for name in values] + dates)
    marks += ", now() AT TIME ZONE 'UTC'" * len(dates)
    return sql(f'INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id', *values.values())[0][0]


def _root(sql, name, **values):
    return insert(sql, 'saas_root_domain', **{
        'name': name, 'active': True, 'sequence': 50, 'is_sandbox': True, 'cloudflare_account': '0f6a', 'cloudflare_zone': '4a83',
        'tunnel_id': '2b7d', 'api_base': 'http://127.0.0.1:1/client/v4', 'api_token_sealed': 'none', 'edge_mode': 'per-host',
        'tunnel_management': 'remote', 'origin_service': 'http://127.0.0.1:8080', 'fallback_origin': f'fallback.{name}',
        'reload_mode': 'replica', 'txt_prefix': 'saas', 'dns_servers': '127.0.0.1', 'grace_days': 7, 'record_quota': 200,
        'record_used': 46, 'hostname_quota': 100, 'hostname_used': 9, 'health': 'ok', 'tunnel_status': 'healthy',
        'tunnel_version': 41, 'connector_count': 2, 'connectors_current': 2, 'health_looks': [_look(part) for part in LOOKS],
        'health_checked_at': _ago(sql, 6), 'synced_at': _ago(sql, 14), **values})


def _trouble():
    """A root domain whose tunnel stands still and whose change set waits for a person."""
    looks = [_look(part) for part in LOOKS]
    looks[5] = _look('tunnel', 'tunnel_status', status='down')
    looks[6] = _look('connectors', 'connectors_none')
    return {'is_sandbox': False, 'health': 'bad', 'health_looks': looks, 'tunnel_status': 'down', 'connector_count': 0,
            'connectors_current': 0, 'record_used': 176, 'hostname_used': 94,
            'held_plan': {'records': {'lines': list(HELD), 'digest': 'none'}}}


def _look(part, problem='', **values):
    return {'part': part, 'problem': problem, 'values': values}


def _ago(sql, minutes):
    return sql("SELECT date_trunc('second', now() AT TIME ZONE 'UTC') - %s * interval '1 minute'", minutes)[0][0]


def _tenant(sql, number, company, partner):
    """A running tenant that exists in the table only; it shares the node of the template."""
    name = f'{company.lower().replace(" ", "-")}-{number}'
    found = sql('SELECT node_id, id FROM saas_template WHERE database_name IS NOT NULL LIMIT 1')
    node, template = found[0] if found else (None, None)
    plan, = sql('SELECT id FROM saas_plan WHERE active ORDER BY sequence, id LIMIT 1')[0]
    return insert(sql, 'saas_tenant', name=name, partner_id=partner, company_name=company, email=f'ann@{name}.example',
                  admin_name='Ann Example', lang='en_US', plan_id=plan, node_id=node, template_id=template, template_version=1,
                  state='running', mark=f'domains-{number}', database_name=name, url=f'http://{name}.localhost',
                  host=f'{name}.localhost', urgency='fine', attention=0, redirect_to_primary=True,
                  is_routed=True, live_at=_ago(sql, 90_000))


def _domain(sql, number, values):
    name, label = values['external_domain'], values['sajet_subdomain']
    old = _ago(sql, 60 * 24 * (9 - number % 9))
    dates = {'create_date': old}
    if values['verification_status'] == 'verified':
        dates['verified_at'] = old
    if values.get('is_active'):
        dates['activated_at'] = old
    if values.get('last_outcome'):
        dates.update(checked_at=_ago(sql, 7), check_count=12, last_expected=f'{label}.{ROOT}')
    if values.get('alert') == 'left':
        dates.update(left_at=_ago(sql, 60 * 30), unpublish_at=_ago(sql, -60 * 24 * 5))
    if values.get('lost_reason'):
        dates['lost_at'] = _ago(sql, 600)
    return insert(sql, 'saas_custom_domain', **{
        'display_domain': name, 'registrable': '.'.join(name.split('.')[-2:]), 'is_apex': False, 'claim_state': 'living',
        'sajet_full_domain': f'{label}.{ROOT}', 'verification_token': f'saas-verify-{number:032x}', 'ssl_status': 'none',
        'is_active': False, 'is_primary': False, 'attention': 0, 'urgency': 'alert' if values.get('alert') else 'fine',
        'nonce': f'{number:032x}', **dates, **values})


def _operation(sql, domain, state, over, error=None):
    """The publication of a domain: ``over`` of its steps are done. No worker takes it up before tomorrow."""
    begun, ended = _ago(sql, 12), None if state == 'waiting' else _ago(sql, 11)
    operation = insert(sql, 'saas_operation', kind='activate_domain', state=state, domain_id=domain, priority=10, claim=1,
                       attention=state == 'failed', error=error, requested_by_id=1, not_before=_ago(sql, -24 * 60),
                       started_at=begun, ended_at=ended)
    for place, code in enumerate(STEPS):
        step = 'done' if place < over else 'failed' if state == 'failed' and place == over else 'waiting'
        insert(sql, 'saas_operation_step', operation_id=operation, sequence=place + 1, code=code, name=code, state=step,
               attempt=int(step != 'waiting'), duration_ms=0 if step == 'waiting' else 80 + 90 * place,
               log=error if step == 'failed' else None, started_at=begun if step != 'waiting' else None)
    return operation
