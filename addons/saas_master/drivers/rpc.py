"""What needs the tenant's own Odoo: JSON-RPC with the key that ``personalise`` wrote for us.

``/jsonrpc`` rather than XML-RPC: there a method that returns None answers a fault after having done its work.
Requests and answers are never logged, and an error quotes no more than Odoo's own message.
"""
import itertools
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import requests

from .errors import AuthError, NotFound, Permanent, Retryable, Unreachable

CONNECT_TIMEOUT = 5         # seconds
STALLED = 300               # seconds without progress after which a half-done installation counts as dead

PENDING = ('to install', 'to upgrade', 'to remove')
BUSY_WORDS = ('currently processing', 'could not serialize', 'Connection Pool Is Full', 'could not obtain lock',
              'not currently accepting connections', 'too many c')

# 17.0 keeps the token of a link and its expiry with the partner; 19.0 signs them. Both methods are private there or
# here, so the tenant's Odoo runs this as a server action of the administrator.
LINK_CODE = '''
partner = env['res.users'].browse({uid}).partner_id
if 'signup_expiration' in partner._fields:
    expiration = datetime.datetime.now() + datetime.timedelta(hours={hours})
    partner.signup_prepare(signup_type='reset', expiration=expiration)
    token = partner.signup_token
else:
    partner.signup_prepare(signup_type='reset')
    token = partner._generate_signup_token(expiration={hours})
action = {{'type': 'ir.actions.act_url', 'url': partner.get_base_url(), 'token': token}}
'''


class TenantRPC:
    """One tenant, as its administrator.

    :param url: where the tenant's Odoo answers: its own address, or its server's (the call names the database)
    :param uid: the administrator (``base.user_admin``)
    :param timeout: seconds for one call
    :param host: Host header, where ``url`` is a router's address
    """

    def __init__(self, url, database, api_key, uid=2, series='17.0', timeout=30, host=None):
        self.url = url.rstrip('/') + '/jsonrpc'
        self.database = database
        self.uid = uid
        self.series = series
        self.timeout = timeout
        self._key = api_key
        self._ids = itertools.count(1)
        self._session = requests.Session()
        self._session.trust_env = False     # a node's address is for no proxy, and .netrc would replace our key
        if host:
            self._session.headers['Host'] = host

    # -- calling -----------------------------------------------------------------------

    def call(self, model, method, *args, timeout=None, **kwargs):
        """``env[model].method(*args, **kwargs)``; the first of ``args`` are the ids unless it is a model method.

        :raises AuthError: the key is refused; NotFound: no such database; Retryable: busy or slow; Permanent: the rest
        """
        arguments = [self.database, self.uid, self._key, model, method, list(args), kwargs]
        payload = {'jsonrpc': '2.0', 'method': 'call', 'id': next(self._ids),
                   'params': {'service': 'object', 'method': 'execute_kw', 'args': arguments}}
        answer = self._post(payload, timeout or self.timeout)
        if 'error' in answer:
            raise self._error(answer['error'], f'{model}.{method}')
        return answer.get('result')

    def _post(self, payload, timeout):
        try:
            response = self._session.post(
                self.url, json=payload, timeout=(CONNECT_TIMEOUT, timeout), allow_redirects=False)
        except requests.ReadTimeout as error:
            raise Retryable(f'{self.database} did not answer within {timeout:.0f} s.') from error
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Unreachable(f'Nothing answers for {self.database} at {self.url};'
                              ' check that Odoo runs there.') from error
        self._check_status(response)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or 'jsonrpc' not in answer:
            raise Permanent(f'What answers for {self.database} at {self.url} is not Odoo; check the address.')
        return answer

    def _check_status(self, response):
        status = response.status_code
        if status == 200:
            return
        text = f'{self.database} answered HTTP {status} at {self.url}'
        if status == 404:
            raise NotFound(f'{text}: there is no such tenant, or its server does not offer JSON-RPC'
                           ' (19.0 needs rpc among its server-wide modules).')
        if status in (401, 403):
            raise AuthError(f'{text}: something before Odoo refused the request.')
        if status == 429 or status >= 500:
            after = response.headers.get('Retry-After', '')
            raise Retryable(f'{text}.', after=float(after) if after.isdigit() else None)
        raise Permanent(f'{text}; check the address.')

    def _error(self, error, what):
        """The driver error for one of Odoo's; its traceback (``data.debug``) is left unread."""
        data = error.get('data') or {}
        name = str(data.get('name', ''))
        message = str(data.get('message') or error.get('message') or name).strip()[:500]
        if name.endswith('.AccessDenied'):
            return AuthError(f'{self.database} refuses our key: the customer may have revoked it.')
        if 'database "' in message and 'does not exist' in message:
            return NotFound(f'The database {self.database} does not exist on that server.')
        text = f'{what} in {self.database}: {message}'
        if any(words in message for words in BUSY_WORDS) or name.endswith(('SerializationFailure', 'PoolError')):
            return Retryable(text)
        return Unreachable(text) if name == 'psycopg2.OperationalError' else Permanent(text)

    # -- modules -----------------------------------------------------------------------

    def install_modules(self, names, timeout=600):
        """Install what of ``names`` is not installed yet; what a killed attempt left half-done is done again.

        :param timeout: seconds for the installation
        """
        names = sorted(set(names))
        modules = self._modules(names)
        if len(modules) < len(names):       # the node may have got modules since the template was built
            self.call('ir.module.module', 'update_list', timeout=max(self.timeout, 120))
            modules = self._modules(names)
        self._check_available(names, modules)
        if all(module['state'] == 'installed' for module in modules):
            return
        self._settle()
        ids = [module['id'] for module in self._modules(names) if module['state'] != 'installed']
        if ids:
            self.call('ir.module.module', 'button_immediate_install', ids, timeout=timeout)
        missing = [module['name'] for module in self._modules(names) if module['state'] != 'installed']
        if missing:
            raise Retryable(f'{self.database}: {", ".join(missing)} did not get installed; it is tried again.')

    def _modules(self, names):
        return self.call('ir.module.module', 'search_read', [('name', 'in', names)], ['name', 'state'])

    def _check_available(self, names, modules):
        usable = {module['name'] for module in modules if module['state'] != 'uninstallable'}
        absent = [name for name in names if name not in usable]
        if absent:
            raise Permanent(f'Module(s) {", ".join(absent)} are not on the server of {self.database}:'
                            ' install them there or ask for others.')

    def _settle(self):
        """Retryable while a module operation goes on; what a killed server left marked is unmarked."""
        pending = self.call('ir.module.module', 'search_read', [('state', 'in', PENDING)], ['state', 'write_date'])
        if not pending:
            return
        latest = max(datetime.fromisoformat(module['write_date']) for module in pending)
        if datetime.now(timezone.utc).replace(tzinfo=None) - latest < timedelta(seconds=STALLED):
            raise Retryable(f'{self.database} is installing {len(pending)} module(s) already.', after=15)
        for module in pending:      # as Odoo's own buttons do, which have other names on each series
            state = 'uninstalled' if module['state'] == 'to install' else 'installed'
            self.call('ir.module.module', 'write', [module['id']], {'state': state})

    # -- languages and the customer's password -----------------------------------------

    def load_language(self, code):
        """Load a language, and give it to the administrator; nothing is done twice."""
        languages = self.call('res.lang', 'search_read', [('code', '=', code)], ['active'],
                              context={'active_test': False})
        if not languages:
            raise Permanent(f'{self.database}: Odoo has no language {code}; choose another.')
        if not languages[0]['active']:
            wizard = self.call('base.language.install', 'create',
                               {'lang_ids': [(6, 0, [languages[0]['id']])], 'overwrite': False})
            self.call('base.language.install', 'lang_install', [wizard], timeout=max(self.timeout, 300))
        self.call('res.users', 'write', [self.uid], {'lang': code})

    def password_link(self, hours):
        """URL at the tenant's own address by which the administrator sets his password.

        :param hours: whole hours until it expires; a new link makes an older one invalid on 17.0
        """
        code = LINK_CODE.format(uid=int(self.uid), hours=int(hours))
        model = self.call('ir.model', 'search', [('model', '=', 'res.users')])
        action = self.call('ir.actions.server', 'create', {
            'name': 'Link to set the password', 'state': 'code', 'model_id': model[0], 'code': code})
        try:
            answer = self.call('ir.actions.server', 'run', [action])
        finally:
            self.call('ir.actions.server', 'unlink', [action])
        if not answer or not answer.get('token'):
            raise Permanent(f'{self.database} made no link to set a password; is auth_signup installed there?')
        return f"{answer['url']}/web/reset_password?{urlencode({'token': answer['token']})}"
