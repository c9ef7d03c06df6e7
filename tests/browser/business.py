"""A month of business on the master: tenants in every state and what was done to them, as screens for people show it.

Written beneath Odoo and taken away again; nothing of it exists on the node.
"""
from contextlib import contextmanager

COMPANIES = (
    ('alpina', 'Alpina Outdoor', 'running'), ('brio', 'Brio Coffee', 'running'), ('cobalto', 'Cobalto Studio', 'running'),
    ('delta-foods', 'Delta Foods', 'running'), ('estela', 'Estela Dental', 'suspended'), ('faro', 'Faro Logistics', 'running'),
    ('granada', 'Granada Books', 'suspended'), ('helix', 'Helix Labs', 'running'), ('iris', 'Iris Optics', 'running'),
    ('jardin', 'Jardín Botanics', 'provisioning'), ('kubo', 'Kubo Architects', 'running'), ('lumen', 'Lumen Energy', 'failed'),
    ('marea', 'Marea Seafood', 'running'), ('nube', 'Nube Travel', 'draft'), ('oliva', 'Oliva & Sons', 'running'),
    ('prisma', 'Prisma Print', 'running'), ('quasar', 'Quasar Games', 'deleting'), ('roble', 'Roble Furniture', 'running'))
FULL = 'No room: every node with the template "template_tenant" is full. Add a node or raise a capacity, then retry.'

TENANTS = """
    INSERT INTO saas_tenant (name, partner_id, company_name, email, admin_name, lang, plan_id, node_id, template_id,
                             template_version, state, mark, database_name, url, host, attention, urgency, live_at,
                             trial_end, delete_on, create_uid, create_date, write_uid, write_date)
    SELECT %s, %s, %s, %s, 'Ann Example', 'en_US', (SELECT id FROM saas_plan WHERE active ORDER BY (id * %s) %% 3, id LIMIT 1),
           t.node_id, t.id, t.version, %s, md5('business' || %s), %s, %s, %s, %s, %s, now() - %s * interval '1 day',
           current_date + %s, CASE WHEN %s THEN now() + interval '4 days' END, 1, now() - %s * interval '1 day', 1, now()
      FROM saas_template t WHERE t.database_name IS NOT NULL LIMIT 1 RETURNING id"""
OPERATION = """
    INSERT INTO saas_operation (kind, state, tenant_id, node_id, priority, claim, attention, error, requested_by_id,
                                not_before, started_at, ended_at, create_uid, create_date, write_uid, write_date)
    SELECT %s, %s, id, node_id, 10, 1, %s, %s, 1, now() + interval '1 day', at, at + %s * interval '1 second', 1, at, 1, at
      FROM (SELECT id, node_id, (now() AT TIME ZONE 'UTC') - %s * interval '1 hour' AS at FROM saas_tenant WHERE id = %s) t
    RETURNING id"""
STEP = """
    INSERT INTO saas_operation_step (operation_id, sequence, code, name, state, attempt, duration_ms, log, started_at)
    SELECT id, %s, %s, %s, %s, CASE WHEN %s THEN 1 ELSE 0 END, %s, %s, CASE WHEN %s THEN started_at END
      FROM saas_operation WHERE id = %s"""
SIGNUP = """
    INSERT INTO saas_signup (company_name, contact_name, email, name, lang, plan_id, state, ip, create_date)
    SELECT %s, 'Ann Example', %s, %s, 'en_US', (SELECT id FROM saas_plan ORDER BY sequence LIMIT 1), %s, '203.0.113.7',
           (now() AT TIME ZONE 'UTC') - %s * interval '1 hour'"""
REASON = """
    INSERT INTO saas_tenant_suspension_rel (tenant_id, reason_id)
    SELECT %s, id FROM saas_suspension_reason WHERE code = %s"""
STEPS = ('place', 'clone', 'personalise', 'publish_database', 'warm', 'route', 'observe', 'go_live', 'welcome')


@contextmanager
def business(world):
    sql, staff, tenants = world.master_sql, world.staff(), []
    partners = [staff.call('res.partner', 'create', {'name': company, 'is_company': True, 'email': f'office@{name}.example'})
                for name, company, _state in COMPANIES]
    try:
        for number, company in enumerate(COMPANIES):
            tenants.append(_tenant(sql, number, partners[number], *company))
        for number in range(60):
            name = COMPANIES[number % len(COMPANIES)][0]
            state = ('confirmed', 'confirmed', 'confirmed', 'expired')[number % 4] if number else 'pending'
            sql(SIGNUP, COMPANIES[number % len(COMPANIES)][1], f'ann@{name}.example', name, state, (number * 37) % 690)
        yield tenants
    finally:
        sql("DELETE FROM saas_signup WHERE ip = '203.0.113.7'")
        sql('DELETE FROM saas_tenant WHERE id = ANY(%s)', tenants)
        staff.call('res.partner', 'unlink', partners)


def _tenant(sql, number, partner, name, company, state):
    days = (number * 5) % 28
    tenant, = sql(TENANTS, name, partner, company, f'ann@{name}.example', number, state, name, name,
                  f'https://{name}.example.com', f'{name}.example.com', int(state == 'failed'),
                  'failed' if state == 'failed' else 'leaving' if name == 'helix' else 'fine', days,
                  3 if number % 6 == 1 else 14 + number, name == 'helix', days)[0]
    if state == 'suspended':
        sql(REASON, tenant, 'unpaid' if name == 'estela' else 'customer')
    _provision(sql, tenant, number, state, days)
    return tenant


def _provision(sql, tenant, number, state, days):
    """The operation that made the tenant, with its steps; one is under way, one has failed."""
    outcome = {'failed': 'failed', 'provisioning': 'waiting'}.get(state, 'done')
    error = FULL if state == 'failed' else None
    operation, = sql(OPERATION, 'provision', outcome, state == 'failed', error,
                     1.1 + (number * 13 % 17) / 10, days * 24 + 2, tenant)[0]
    over = {'done': 9, 'failed': 0, 'waiting': 4}[outcome]
    for place, code in enumerate(STEPS):
        step = 'done' if place < over else 'failed' if outcome == 'failed' and place == over else 'waiting'
        begun = step != 'waiting'
        sql(STEP, place + 1, code, code, step, begun, begun * (60 + place * 35), error if step == 'failed' else None, begun,
            operation)
