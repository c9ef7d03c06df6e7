"""Many custom domains with their histories, written into a copy of the master's database by plain SQL.

Ten of each customer, over the days of a business; one in a hundred has ended, one in fifty has an alert. What they stand
for exists nowhere: nobody's DNS is asked, and the database is dropped after the measurement.
"""
DAYS = 1000                 # age of the business
EACH = 10                   # domains of one customer
TABLES = ('res_partner', 'saas_tenant', 'saas_custom_domain', 'saas_label', 'saas_operation', 'saas_operation_step',
          'mail_message')

CUSTOMERS = """
    WITH made AS (
        INSERT INTO res_partner (name, complete_name, is_company, active, type, lang,
                                 create_uid, create_date, write_uid, write_date)
        SELECT 'Company ' || n, 'Company ' || n, true, true, 'contact', 'en_US', 1, now(), 1, now()
          FROM generate_series(1, %(customers)s) n
        RETURNING id, split_part(name, ' ', 2) AS n
    )
    INSERT INTO saas_tenant (name, company_name, email, admin_name, lang, partner_id, plan_id, template_id, template_version,
                             node_id, state, host, url, is_routed, live_at, mark, database_name, attention, urgency,
                             redirect_to_primary, create_uid, create_date, write_uid, write_date)
    SELECT 'bench-' || n, 'Company ' || n, 'owner' || n || '@bench.example', 'Owner', 'en_US', made.id,
           (SELECT min(id) FROM saas_plan WHERE active), %(template)s, 1, %(node)s, 'running', 'bench-' || n || '.localhost',
           'http://bench-' || n || '.localhost', true, now(), md5('bench' || n), 'bench-' || n, 0, 'fine', true,
           1, now(), 1, now()
      FROM made"""
DOMAINS = """
    WITH owners AS MATERIALIZED (
        SELECT id, partner_id, row_number() OVER (ORDER BY id) AS place FROM saas_tenant WHERE name LIKE 'bench-%%'
    ), numbers AS (
        SELECT n, date_trunc('second', now() - n * %(days)s / %(count)s * interval '1 day') AS made_at,
               n %% 100 = 99 AS is_over,
               CASE WHEN n %% 20 < 16 THEN 'verified' WHEN n %% 20 = 16 THEN 'pending' WHEN n %% 20 < 19 THEN 'verifying'
                    ELSE 'failed' END AS status
          FROM generate_series(0, %(count)s - 1) n
    ), made AS (
        INSERT INTO saas_custom_domain (
               partner_id, tenant_id, root_domain_id, external_domain, display_domain, registrable, is_apex, sajet_subdomain,
               sajet_full_domain, verification_status, verification_token, verified_at, ssl_status, is_active, is_primary,
               to_publish, is_routed, is_route_live, cloudflare_configured, tunnel_ingress_configured, points_here, checked_at,
               check_count, last_outcome, last_code, last_expected, last_found, provider, alert, attention, urgency, claim_state,
               lost_at, lost_reason, nonce, create_uid, create_date, write_uid, write_date)
        SELECT o.partner_id, o.id, %(root)s, 'www.bench' || n || '.example', 'www.bench' || n || '.example',
               'bench' || n || '.example', false, 'bench-domain-' || n, 'bench-domain-' || n || '.bench.test', status,
               'saas-verify-' || md5('token' || n), CASE WHEN status = 'verified' THEN made_at END,
               CASE WHEN is_live THEN 'active' ELSE 'none' END, is_live, is_live AND n %% %(each)s = 0,
               is_live, is_live, is_live, is_live, is_live, status = 'verified', made_at, n %% 30,
               CASE WHEN status = 'verified' THEN 'yes' ELSE 'no' END,
               CASE WHEN status = 'verified' THEN 'yes' ELSE 'no_record' END,
               'bench-domain-' || n || '.bench.test', '[]', 'godaddy', alert, 0,
               CASE WHEN alert IS NULL THEN 'fine' ELSE 'alert' END, CASE WHEN is_over THEN 'ended' ELSE 'living' END,
               CASE WHEN is_over THEN made_at END, CASE WHEN is_over THEN 'removed' END, md5('nonce' || n), 1, made_at, 1, now()
          FROM (SELECT *, status = 'verified' AND NOT is_over AS is_live,
                       CASE WHEN NOT is_over AND n %% 50 = 1 THEN 'certificate' WHEN NOT is_over AND n %% 50 = 17
                            THEN 'unverified' END AS alert FROM numbers) n
          JOIN owners o ON o.place = 1 + n / %(each)s
        RETURNING id, create_date, verification_status
    ), operations AS (
        INSERT INTO saas_operation (kind, state, domain_id, priority, claim, not_before, started_at, ended_at,
                                    create_uid, create_date, write_uid, write_date)
        SELECT 'activate_domain', 'done', id, 10, 1, create_date, create_date, create_date + interval '1 second',
               1, create_date, 1, create_date
          FROM made WHERE verification_status = 'verified'
        RETURNING id, create_date
    ), steps AS (
        INSERT INTO saas_operation_step (operation_id, sequence, code, name, state, attempt, started_at, ended_at, duration_ms,
                                         create_uid, create_date, write_uid, write_date)
        SELECT o.id, place, code, code, 'done', 1, o.create_date, o.create_date, 80, 1, o.create_date, 1, o.create_date
          FROM operations o, unnest(%(steps)s) WITH ORDINALITY AS step (code, place)
    )
    INSERT INTO mail_message (model, res_id, message_type, subtype_id, author_id, body, date, is_internal,
                              create_uid, create_date, write_uid, write_date)
    SELECT 'saas.custom_domain', id, 'notification', %(subtype)s, %(author)s, '<p>Verified</p>', create_date, true,
           1, create_date, 1, create_date
      FROM made, generate_series(1, 3)"""


def fill(env, count):
    """``count`` domains; returns the manager twice, for no screen here is a customer's."""
    admin, template = env.ref('base.user_admin'), env['saas.template'].search([], limit=1)
    root = env['saas.root_domain'].create({'name': 'bench.test', 'is_sandbox': True})
    root.write({'record_quota': 40_000, 'record_used': count, 'hostname_quota': 50_000, 'hostname_used': count, 'health': 'ok'})
    steps = [code for code, _label in env['saas.custom_domain']._operation_steps('activate_domain')]
    env.flush_all()
    env.cr.execute(CUSTOMERS, {'customers': -(-count // EACH), 'template': template.id or None,
                               'node': template.node_id.id or None})
    env.cr.execute(DOMAINS, {
        'count': count, 'days': float(DAYS), 'each': EACH, 'root': root.id, 'steps': steps,
        'subtype': env.ref('mail.mt_note').id, 'author': admin.partner_id.id})
    # on disk before VACUUM looks: see fill.py
    env.cr.execute('SET LOCAL synchronous_commit = on')
    env.cr.commit()
    env.cr._cnx.autocommit = True
    for table in TABLES:
        env.cr.execute(f'VACUUM ANALYZE {table}')
    env.cr._cnx.autocommit = False
    return admin, admin
