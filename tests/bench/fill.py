"""Many tenants with their histories, written into a copy of the master's database by plain SQL.

What they stand for exists nowhere: no node is asked about them, and the database is dropped after the measurement.
They came evenly over the days of a business, so the last month has its share of them in the small copy as in the large.
"""
DAYS = 1000                                 # age of the business
TRIAL = 14                                  # days
REQUESTS_PER_MINUTE = '1000000'             # of the REST API: counted as always, never reached

HISTORY = """
    WITH plans AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM saas_plan WHERE active
    ), made AS (
        INSERT INTO saas_tenant (name, company_name, email, admin_name, lang, partner_id, plan_id, template_id,
                                 template_version, node_id, state, host, url, is_routed, trial_end, live_at, mark,
                                 database_name, usage_users, usage_database_mib, usage_files_mib, usage_at,
                                 create_uid, create_date, write_uid, write_date)
        SELECT 'bench-' || n, 'Company ' || n, 'owner' || n || '@bench.example', 'Owner ' || n, 'en_US', %(customer)s,
               (SELECT id FROM plans WHERE place = 1 + n %% (SELECT count(*) FROM plans)), %(template)s, 1, %(node)s, state,
               'bench-' || n || '.localhost', 'http://bench-' || n || '.localhost', state IN ('running', 'suspended'),
               (made_at + %(trial)s * interval '1 day')::date, made_at, md5('bench' || n), 'bench-' || n, n %% 9, 60,
               n %% 500, now(), 1, made_at, 1, now()
          FROM (SELECT n, date_trunc('second', now() - n * %(days)s / %(count)s * interval '1 day') AS made_at,
                       CASE WHEN n %% 20 < 16 THEN 'running' WHEN n %% 20 = 16 THEN 'suspended'
                            WHEN n %% 20 = 17 THEN 'failed' WHEN n %% 20 = 18 THEN 'deleted' ELSE 'draft' END AS state
                  FROM generate_series(1, %(count)s) n) numbers
        RETURNING id, state, create_date
    ), operations AS (
        INSERT INTO saas_operation (kind, state, tenant_id, node_id, priority, claim, not_before, started_at, ended_at, error,
                                    create_uid, create_date, write_uid, write_date)
        SELECT kind, CASE WHEN made.state = 'failed' THEN 'failed' ELSE 'done' END, id, %(node)s, 10, 1, create_date, create_date,
               create_date + interval '1 second', CASE WHEN made.state = 'failed' THEN 'The node did not answer.' END,
               1, create_date, 1, create_date
          FROM made JOIN (VALUES ('provision', ''), ('suspend', 'suspended'), ('delete', 'deleted')) kinds (kind, needs)
            ON needs IN ('', made.state)
         WHERE made.state != 'draft'
        RETURNING id, state, kind, create_date
    ), steps AS (
        INSERT INTO saas_operation_step (operation_id, sequence, code, name, state, attempt, started_at, ended_at, duration_ms,
                                         log, create_uid, create_date, write_uid, write_date)
        SELECT o.id, place, code, code, CASE WHEN o.state = 'done' OR place < 5 THEN 'done' WHEN place = 5 THEN 'failed'
               ELSE 'waiting' END, 1, o.create_date, o.create_date, 80, o.create_date || ' Well.', 1, o.create_date, 1,
               o.create_date
          FROM operations o, unnest(%(steps)s) WITH ORDINALITY AS step (code, place)
         WHERE o.kind = 'provision' OR place <= 3
    )
    INSERT INTO saas_audit (at, user_id, login, via, act, res_model, res_id, subject, partner_id)
    SELECT create_date, %(user)s, 'admin', 'backend', act, 'saas.tenant', id, 'bench', %(customer)s
      FROM made, unnest(ARRAY['create', 'provision', 'change']) act"""
MESSAGES = """
    INSERT INTO mail_message (model, res_id, message_type, subtype_id, author_id, body, date, is_internal,
                              create_uid, create_date, write_uid, write_date)
    SELECT 'saas.tenant', t.id, 'notification', %(subtype)s, %(author)s, '<p>Running</p>', t.create_date, true,
           1, t.create_date, 1, t.create_date
      FROM saas_tenant t, generate_series(1, 3) WHERE t.name LIKE 'bench-%%'"""


def fill(env, count):
    """``count`` tenants of one customer, whose person is returned: (manager, customer's user)."""
    company = env['res.partner'].create({'name': 'Bench Company', 'is_company': True})
    person = env['res.users'].with_context(no_reset_password=True).create({
        'name': 'Bench Person', 'login': 'bench-person', 'email': 'person@bench.example',
        _groups_field(env): [(6, 0, [env.ref('base.group_portal').id])]})
    person.partner_id.write({'parent_id': company.id, 'saas_right': 'act'})
    env['ir.config_parameter'].set_param('saas_master.api_requests_per_minute', REQUESTS_PER_MINUTE)
    template = env['saas.template'].search([], limit=1)
    admin = env.ref('base.user_admin')
    env.flush_all()
    steps = [code for code, _label in env['saas.tenant']._operation_steps('provision')]
    env.cr.execute(HISTORY, {
        'customer': company.id, 'template': template.id, 'node': template.node_id.id, 'count': count, 'days': float(DAYS),
        'trial': TRIAL, 'steps': steps, 'user': admin.id})
    env.cr.execute(MESSAGES, {'subtype': env.ref('mail.mt_note').id, 'author': admin.partner_id.id})
    # on disk before VACUUM looks, or it leaves every page as not yet seen by all, unlike a database that has been at rest
    env.cr.execute('SET LOCAL synchronous_commit = on')
    env.cr.commit()
    env.cr._cnx.autocommit = True
    for table in ('saas_tenant', 'saas_operation', 'saas_operation_step', 'saas_audit', 'mail_message'):
        env.cr.execute(f'VACUUM ANALYZE {table}')
    env.cr._cnx.autocommit = False
    return admin, person


def _groups_field(env):
    return 'groups_id' if 'groups_id' in env['res.users']._fields else 'group_ids'
