"""Make a clone of the template one customer's own, in SQL, before any Odoo connects to it.

Nothing is loaded yet, so there is no cache to invalidate, no hook to run and no moment in which the template's
password opens the tenant. The tables are those of Odoo 17.0 to 19.0; which of them and which of their columns a
clone has is read from the clone, never guessed from a version.
"""
import base64
import hashlib
import html
import json
import os
import re

from psycopg2 import sql

from .errors import Permanent

MARK_URL = '/.well-known/saas-tenant'
KEY_NAME = 'SaaS provider'
KEY_ROUNDS = 6000           # of KEY_CRYPT_CONTEXT in odoo/addons/base/models/res_users.py, both series
KEY_INDEX = 8               # INDEX_SIZE, same file
REGISTRY_SIGNALS = ('base_registry_signaling', 'orm_signaling_registry')
# What these hold comes from the code and is told apart by website and language: nothing of it is a customer's, and to
# fill each anew takes a third of a second.
KEPT_CACHES = ('_assets', '_templates', '_routing')
SIGNALING = r'^(base_registry_signaling|base_cache_signaling(_[a-z.]+)?|orm_signaling_[a-z.]+)$'

# Identities and secrets that a second database must never share; Odoo makes each anew when it needs it.
SHARED_SECRETS = ('res_users_apikeys', 'auth_totp_device', 'auth_passkey_key', 'res_device_log', 'iap_account')
SHARED_PARAMETERS = (
    'database.enterprise_code', 'database.expiration_date', 'database.expiration_reason',
    'mail.web_push_vapid_private_key', 'mail.web_push_vapid_public_key',
)


class Schema:
    """Which tables and columns the database has; missing ones are left out of what is written."""

    def __init__(self, cursor):
        cursor.execute('''
            SELECT c.relname, array_agg(a.attname::text)
              FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
             GROUP BY c.relname
        ''')
        self.columns = {table: set(columns) for table, columns in cursor.fetchall()}

    def has(self, table, column='id'):
        return column in self.columns.get(table, ())

    def update(self, cursor, table, values, where, parameters):
        """UPDATE of those ``values`` whose columns exist; nothing where the table itself is absent."""
        values = {column: value for column, value in values.items() if self.has(table, column)}
        if not values:
            return
        assignments = sql.SQL(', ').join(sql.SQL('{} = %s').format(sql.Identifier(column)) for column in values)
        query = sql.SQL('UPDATE {} SET {} WHERE {}').format(sql.Identifier(table), assignments, sql.SQL(where))
        cursor.execute(query, [*values.values(), *parameters])


def hash_key(key):
    """``key`` as passlib's pbkdf2_sha512 writes it (its own base64: no padding, '.' for '+')."""
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac('sha512', key.encode(), salt, KEY_ROUNDS)
    parts = (base64.b64encode(part).rstrip(b'=').replace(b'+', b'.').decode() for part in (salt, digest))
    return '$pbkdf2-sha512${}${}${}'.format(KEY_ROUNDS, *parts)


def personalise(cursor, tenant):
    """Write everything of ``tenant`` (``spec.TenantSpec``) in the open transaction; the mark makes it complete.

    Repeatable: what is written does not depend on what an earlier run wrote.
    """
    schema = Schema(cursor)
    _write(cursor, schema, tenant, {'database.uuid': tenant.database_uuid, 'database.secret': tenant.database_secret})
    _signal(cursor, schema, tenant)


def hand_over(cursor, tenant):
    """Make a personalised database, which a running Odoo has loaded, ``tenant``'s instead; repeatable.

    The server keeps its registry, which holds nothing of a customer and takes half a second to load; ``forget`` makes it
    look at everything else anew. Until then it may show what was before: the address and the language, no secret, for
    ``database.uuid`` and ``database.secret`` stay what they are. They are this database's own, and a form that was
    signed with the secret a moment ago is still valid.

    :return: the database's uuid
    """
    _write(cursor, Schema(cursor), tenant, {})
    cursor.execute("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'")
    return cursor.fetchone()[0]


def forget(cursor):
    """Have every server that has loaded this database read its records anew, as Odoo itself does when one of them that is
    cached has changed (``Registry.signal_changes``). The first page after it takes a quarter of a second more.
    """
    cursor.execute("""SELECT relname, relkind FROM pg_class WHERE relkind IN ('S', 'r') AND relname ~ %s
                         AND relnamespace = current_schema()::regnamespace""", [SIGNALING])
    for name, kind in cursor.fetchall():
        if name not in REGISTRY_SIGNALS and not name.endswith(KEPT_CACHES):
            if kind == 'S':
                cursor.execute('SELECT nextval(%s)', [name])
            else:
                cursor.execute(sql.SQL('INSERT INTO {} DEFAULT VALUES').format(sql.Identifier(name)))


def _write(cursor, schema, tenant, identity):
    admin = _record(cursor, 'user_admin')
    clear_secrets(cursor, schema)
    _forget_others(cursor, schema, admin)
    _set_parameters(cursor, tenant, identity)
    _set_company(cursor, schema, tenant)
    _set_administrator(cursor, schema, tenant, admin)
    lang = _set_language(cursor, tenant)
    _set_website(cursor, schema, tenant, lang)
    _set_mark(cursor, tenant)
    _set_crons(cursor)


def _record(cursor, name):
    cursor.execute("SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = %s", [name])
    row = cursor.fetchone()
    if not row:
        raise Permanent(f'The template has no record base.{name}. Build the template again.')
    return row[0]


def clear_secrets(cursor, schema):
    """No password, key, device or link of the template opens anything any more."""
    for table in filter(schema.has, SHARED_SECRETS):
        cursor.execute(sql.SQL('DELETE FROM {}').format(sql.Identifier(table)))
    cursor.execute('DELETE FROM ir_config_parameter WHERE key IN %s', [SHARED_PARAMETERS])
    schema.update(cursor, 'res_users', {'password': None, 'totp_secret': None}, 'TRUE', ())
    schema.update(cursor, 'res_partner', {
        'signup_token': None, 'signup_type': None, 'signup_expiration': None}, 'signup_type IS NOT NULL', ())


def _forget_others(cursor, schema, admin):
    """Who else worked in the template has no business in the tenant."""
    schema.update(cursor, 'res_users', {'active': False}, 'NOT share AND id != %s', (admin,))
    # an inbox that two databases fetch loses mail to one of them
    schema.update(cursor, 'fetchmail_server', {'active': False}, 'TRUE', ())


def _set_parameters(cursor, tenant, identity):
    cursor.execute("SELECT to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD HH24:MI:SS')")
    values = {
        **identity,
        'database.create_date': cursor.fetchone()[0],
        'web.base.url': tenant.base_url,
        'web.base.url.freeze': 'True',      # or each login of the administrator rewrites the address
    }
    missing = [key for key, value in values.items() if not value]
    if missing:
        raise Permanent(f'The tenant {tenant.name} has no value for {", ".join(missing)}; nothing was written.')
    for key, value in values.items():
        cursor.execute('''
            INSERT INTO ir_config_parameter (key, value, create_uid, write_uid, create_date, write_date)
            VALUES (%s, %s, 1, 1, now() AT TIME ZONE 'utc', now() AT TIME ZONE 'utc')
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, write_date = excluded.write_date
        ''', [key, value])


def _partner(name, email, **values):
    """Columns of a partner, with the stored ones that Odoo computes from them."""
    return {'name': name, 'complete_name': name, 'email': email or None,
            'email_normalized': (email or '').strip().lower() or None, **values}


def _set_company(cursor, schema, tenant):
    company = _record(cursor, 'main_company')
    name = tenant.company or tenant.name
    schema.update(cursor, 'res_company', {'name': name, 'email': tenant.login or None}, 'id = %s', (company,))
    schema.update(cursor, 'res_partner', _partner(name, tenant.login, commercial_company_name=name),
                  'id = (SELECT partner_id FROM res_company WHERE id = %s)', (company,))


def _set_administrator(cursor, schema, tenant, admin):
    """Login without a password; and a key of ours, which answers RPC at once (there is no password to try first)."""
    login = tenant.login or 'admin'
    cursor.execute('SELECT p.id, p.name, u.signature FROM res_users u JOIN res_partner p ON p.id = u.partner_id'
                   ' WHERE u.id = %s', [admin])
    partner, old_name, signature = cursor.fetchone()
    name = tenant.admin_name or login
    signature = (signature or '').replace(html.escape(old_name), html.escape(name))
    cursor.execute('UPDATE res_users SET login = %s, active = TRUE, signature = %s WHERE id = %s',
                   [login, signature, admin])
    schema.update(cursor, 'res_partner', _partner(name, tenant.login), 'id = %s', (partner,))
    if tenant.api_key:
        cursor.execute('INSERT INTO res_users_apikeys (name, user_id, scope, index, key)'
                       " VALUES (%s, %s, 'rpc', %s, %s)",
                       [KEY_NAME, admin, tenant.api_key[:KEY_INDEX], hash_key(tenant.api_key)])


def _set_language(cursor, tenant):
    """The tenant's language, if the template has it, for who is in the database and for new contacts.

    ``TenantRPC.load_language`` loads others once the tenant is live.
    """
    cursor.execute("SELECT id, code FROM res_lang WHERE active AND code IN (%s, 'en_US')"
                   " ORDER BY code = 'en_US' LIMIT 1", [tenant.lang])
    row = cursor.fetchone()
    if not row:
        return None
    lang, code = row
    cursor.execute('UPDATE res_partner SET lang = %s WHERE lang IS NOT NULL', [code])
    cursor.execute("""
        UPDATE ir_default SET json_value = %s WHERE user_id IS NULL AND company_id IS NULL AND field_id IN (
            SELECT id FROM ir_model_fields WHERE model = 'res.partner' AND name = 'lang')
    """, [json.dumps(code)])
    return lang


def _set_website(cursor, schema, tenant, lang):
    """Name and language of the first website, where the template has the module.

    It starts with the one language only: with several, Odoo sends visitors away from ``/`` by what their browser asks
    for. The template's others stay loaded, for the customer to add.
    """
    if not schema.has('website'):
        return
    cursor.execute('SELECT id FROM website ORDER BY sequence, id LIMIT 1')
    row = cursor.fetchone()
    if not row:
        return
    website, = row
    name = tenant.company or tenant.name
    cursor.execute('UPDATE website SET name = %s, domain = NULL WHERE id = %s', [name, website])
    if lang:
        cursor.execute('INSERT INTO website_lang_rel (website_id, lang_id) VALUES (%s, %s) ON CONFLICT DO NOTHING',
                       [website, lang])
        cursor.execute('UPDATE website SET default_lang_id = %s WHERE id = %s', [lang, website])
        cursor.execute('DELETE FROM website_lang_rel WHERE website_id = %s AND lang_id != %s', [website, lang])


def _set_mark(cursor, tenant):
    """Whose database this is: for us in PostgreSQL's catalogue, for everybody at ``MARK_URL``.

    Stock Odoo serves a public attachment that has a ``url`` at that path (``ir.http._serve_fallback``); with its
    content in ``db_datas`` it needs no file.
    """
    text = tenant.mark.encode()
    cursor.execute('DELETE FROM ir_attachment WHERE url = %s', [MARK_URL])
    cursor.execute('''
        INSERT INTO ir_attachment (name, type, url, public, mimetype, db_datas, file_size, checksum,
                                   create_uid, write_uid, create_date, write_date)
        VALUES ('saas-tenant', 'binary', %s, TRUE, 'text/plain', %s, %s, %s,
                1, 1, now() AT TIME ZONE 'utc', now() AT TIME ZONE 'utc')
    ''', [MARK_URL, text, len(text), hashlib.sha1(text, usedforsecurity=False).hexdigest()])
    cursor.execute('SELECT current_database()')
    cursor.execute(sql.SQL('COMMENT ON DATABASE {} IS %s').format(sql.Identifier(cursor.fetchone()[0])),
                   [f'saas:{tenant.mark}'])


def _set_crons(cursor):
    """Spread overdue jobs: those of a template are all overdue, and twenty new clones would start them all at once."""
    cursor.execute('''
        UPDATE ir_cron SET lastcall = NULL, nextcall = now() AT TIME ZONE 'utc' + interval '5 minutes'
               + random() * coalesce((interval_number || ' ' || interval_type)::interval, '1 day')
         WHERE nextcall < now() AT TIME ZONE 'utc' + interval '5 minutes'
    ''')


def _signal(cursor, schema, tenant):
    """A server that still holds an earlier database of this name in memory must load this one instead.

    Odoo compares its registry's number with the database's on each request and reloads if they differ: sequences on
    17.0, the highest id of ``orm_signaling_*`` tables on 19.0. The mark gives a number that no other database has.
    """
    number = 1 + int(tenant.mark[:7], 16)       # ids are int4, and Odoo counts up from here
    cursor.execute('''SELECT c.relname FROM pg_class c WHERE relkind = 'S' AND relname ~ %s
                         AND relnamespace = current_schema()::regnamespace''', [SIGNALING])
    for sequence, in cursor.fetchall():
        cursor.execute('SELECT setval(%s, %s)', [sequence, number])
    for table in [table for table in schema.columns if re.search(SIGNALING, table)]:
        cursor.execute(sql.SQL('INSERT INTO {} (id) VALUES (%s) ON CONFLICT (id) DO NOTHING')
                       .format(sql.Identifier(table)), [number])
        cursor.execute('SELECT setval(pg_get_serial_sequence(%s, %s), %s)', [table, 'id', number])
