"""Run by ``odoo shell -d <template>`` on a node: open the pages a new customer opens first, and all their assets.

What Odoo compiles for them (style sheets, scripts) it keeps as attachments of the database, so its clones need not.
The pages are asked of Odoo in this very process: no port, and no server that keeps the template's registry.
"""
# ruff: noqa: F821
import re

from werkzeug.test import Client

HOST = 'http://localhost'
ASSET = re.compile(r'''(?:href|src)=["'](/web/assets/[^"']+)["']''')


def serve_only(name):
    """Let requests of this process find the database whatever the server's own filter says."""
    config = odoo.tools.config
    config['db_name'] = [name] if isinstance(config['db_name'], list) else name     # a list on 19.0
    config['dbfilter'] = ''


def session_of(user, lang):
    """A session as the login page makes one; of nobody without ``user``."""
    session = odoo.http.root.session_store.new()
    session.update(odoo.http.get_default_session(), db=env.cr.dbname)
    if user:
        session.update(uid=user.id, login=user.login)
        session.session_token = user.with_user(user)._compute_session_token(session.sid)
        session.context = dict(user.with_user(user).context_get())
    session.context['lang'] = lang
    odoo.http.root.session_store.save(session)
    return session


def fetch(client, session, path):
    for _redirect in range(4):
        response = client.get(path, base_url=HOST, headers={'Cookie': f'session_id={session.sid}'})
        if response.status_code not in (301, 302, 303, 307, 308):
            break
        path = response.headers['Location'].removeprefix(HOST)
    if response.status_code != 200:
        raise SystemExit(f'{path} answered HTTP {response.status_code} while the template was warmed')
    return path, response.get_data()


def visit(session, path, seen):
    client = Client(odoo.http.root, use_cookies=False)
    end, page = fetch(client, session, path)
    if session.uid and end.startswith('/web/login'):
        raise SystemExit(f'{path} asked for a login while the template was warmed')
    for asset in ASSET.findall(page.decode()):
        if asset not in seen:
            seen.add(asset)
            fetch(client, session, asset)
            print('saas: warmed', path, asset, flush=True)


def pages():
    """(user, language, path): right-to-left languages have their own style sheets."""
    admin = env.ref('base.user_admin')
    website = env['website'].search([], limit=1) if 'website' in env else None
    for lang in env['res.lang'].search([]):
        yield admin, lang.code, '/web'
        yield None, lang.code, '/web/login'
        yield None, lang.code, f'/{lang.url_code}' if website and lang != website.default_lang_id else '/'


def main():
    serve_only(env.cr.dbname)
    seen = set()
    for user, lang, path in pages():
        session = session_of(user, lang)
        try:
            visit(session, path, seen)
        finally:
            odoo.http.root.session_store.delete(session)
    print(f'saas: warmed {len(seen)} assets', flush=True)


main()
