"""Many subscriptions with their invoices, written into a copy of the master's database by plain SQL.

One for each tenant, over the days of a business; statuses, plans and ends as a business has them. Stripe knows none of
them and is not asked; the database is dropped after the measurement.
"""
DAYS = 1000                 # age of the business
INVOICES = 3                # of each
TABLES = ('res_partner', 'saas_tenant', 'saas_subscription', 'saas_billing_invoice', 'mail_message')

TENANTS = """
    WITH made AS (
        INSERT INTO res_partner (name, complete_name, is_company, active, type, lang,
                                 create_uid, create_date, write_uid, write_date)
        SELECT %(tag)s || ' ' || n, %(tag)s || ' ' || n, true, true, 'contact', 'en_US', 1, now(), 1, now()
          FROM generate_series(1, %(count)s) n
        RETURNING id, %(tag)s || '-' || split_part(name, ' ', 2) AS label
    )
    INSERT INTO saas_tenant (name, company_name, email, admin_name, lang, partner_id, plan_id, template_id, template_version,
                             node_id, state, host, url, is_routed, live_at, mark, database_name, attention, urgency,
                             create_uid, create_date, write_uid, write_date)
    SELECT label, label, label || '@bench.example', 'Owner', 'en_US', id, %(plan)s, %(template)s::int, 1, %(node)s::int,
           %(state)s, label || '.localhost', 'http://' || label || '.localhost', %(state)s = 'running', now(), md5(label), label,
           0, 'fine', 1, now(), 1, now()
      FROM made"""
SUBSCRIPTIONS = """
    WITH prices AS MATERIALIZED (
        SELECT id, plan_id, interval, currency_id, unit_amount / 100.0 AS amount, row_number() OVER (ORDER BY id) AS place
          FROM saas_stripe_price WHERE kind = 'plan' AND active
    ), numbers AS (
        SELECT t.id AS tenant, t.partner_id, row_number() OVER (ORDER BY t.id) AS n
          FROM saas_tenant t WHERE t.name LIKE 'bench-%%'
    ), dated AS (
        SELECT tenant, partner_id, n, date_trunc('second', now() - n * %(days)s / %(count)s * interval '1 day') AS made_at,
               CASE WHEN n %% 20 < 14 THEN 'active' WHEN n %% 20 < 16 THEN 'trialing' WHEN n %% 20 = 16 THEN 'past_due'
                    WHEN n %% 20 = 17 THEN 'unpaid' ELSE 'canceled' END AS status
          FROM numbers
    ), made AS (
        INSERT INTO saas_subscription (account_id, stripe_id, tenant_id, partner_id, customer, status, stripe_price_id, plan_id,
                                       interval, currency_id, amount, user_quantity, domain_quantity, mrr, company_currency_id,
                                       started_at, period_start, period_end, trial_end, converted_at, ended_at, canceled_at,
                                       past_due_since, has_payment_method, entitlement, synced_at,
                                       create_uid, create_date, write_uid, write_date)
        SELECT %(account)s, 'sub_bench' || n, tenant, partner_id, 'cus_bench' || n, status, p.id, p.plan_id, p.interval,
               p.currency_id, p.amount, n %% 4, 0,
               CASE WHEN status NOT IN ('active', 'past_due') THEN 0
                    WHEN p.interval = 'year' THEN p.amount / 12 ELSE p.amount END,
               %(company_currency)s, made_at, now() - interval '10 days', now() + interval '20 days',
               CASE WHEN n %% 3 = 0 THEN made_at + interval '14 days' END,
               CASE WHEN status NOT IN ('trialing') AND n %% 3 < 2 THEN made_at + interval '14 days' END,
               CASE WHEN status = 'canceled' THEN least(made_at + interval '90 days', now()) END,
               CASE WHEN status = 'canceled' THEN least(made_at + interval '60 days', now()) END,
               CASE WHEN status IN ('past_due', 'unpaid') THEN now() - interval '3 days' END, true,
               CASE status WHEN 'active' THEN 'active' WHEN 'trialing' THEN 'trial' WHEN 'past_due' THEN 'grace'
                    WHEN 'unpaid' THEN 'suspended' ELSE 'ended' END, now(), 1, made_at, 1, now()
          FROM dated JOIN prices p ON p.place = 1 + n %% (SELECT count(*) FROM prices)
        RETURNING id, tenant_id, partner_id, plan_id, currency_id, amount, create_date
    ), linked AS (
        UPDATE saas_tenant t SET subscription_id = made.id FROM made WHERE made.tenant_id = t.id
    ), invoices AS (
        INSERT INTO saas_billing_invoice (account_id, stripe_id, number, subscription_id, tenant_id, partner_id, plan_id, status,
                                          currency_id, subtotal, tax, total, amount_paid, amount_remaining, company_currency_id,
                                          revenue, created_at, paid_at, create_uid, create_date, write_uid, write_date)
        SELECT %(account)s, 'in_bench' || made.id || '_' || place, 'BENCH-' || made.id || '-' || place, made.id, tenant_id,
               partner_id, plan_id, 'paid', currency_id, amount, 0, amount, amount, 0, %(company_currency)s, amount,
               least(create_date + place * interval '30 days', now()), least(create_date + place * interval '30 days', now()),
               1, create_date, 1, create_date
          FROM made, generate_series(1, %(invoices)s) place
    )
    INSERT INTO mail_message (model, res_id, message_type, subtype_id, author_id, body, date, is_internal,
                              create_uid, create_date, write_uid, write_date)
    SELECT 'saas.subscription', id, 'notification', %(subtype)s, %(author)s, '<p>Active</p>', create_date, true,
           1, create_date, 1, create_date
      FROM made"""


def fill(env, count):
    """``count`` subscriptions; returns the manager twice, for no screen here is a customer's."""
    admin, template = env.ref('base.user_admin'), env['saas.template'].search([], limit=1)
    account = env['saas.stripe.account'].search([], limit=1)
    plan = env['saas.plan'].search([('payment', '!=', 'none')], limit=1)
    assert account and plan and env['saas.stripe.price'].search_count([('kind', '=', 'plan')]), 'the stack has no prices'
    env.flush_all()
    env.cr.execute(TENANTS, {'count': count, 'tag': 'bench', 'state': 'running', 'plan': plan.id,
                             'template': template.id or None, 'node': template.node_id.id or None})
    env.cr.execute(SUBSCRIPTIONS, {
        'count': count, 'days': float(DAYS), 'invoices': INVOICES, 'account': account.id,
        'company_currency': env.company.currency_id.id, 'subtype': env.ref('mail.mt_note').id, 'author': admin.partner_id.id})
    # on disk before VACUUM looks: see fill.py
    env.cr.execute('SET LOCAL synchronous_commit = on')
    env.cr.commit()
    env.cr._cnx.autocommit = True
    for table in TABLES:
        env.cr.execute(f'VACUUM ANALYZE {table}')
    env.cr._cnx.autocommit = False
    return admin, admin
