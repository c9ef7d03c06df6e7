"""What demo, tests and benchmarks do from outside: a visitor's HTTP, a member of staff, mails and their links."""
import html
import json
import re
import socket
import time
from contextlib import contextmanager, suppress

import requests

from .stack.rpc import RemoteError

TIMEOUT = 60        # seconds for any one answer
POLL = 0.02         # seconds between two looks at a tenant that is being made


class Wrong(Exception):
    """What came back is not what has to come back."""


def resolve_localhost():
    """Let ``*.localhost`` be this machine, as browsers do; not every resolver knows (RFC 6761, 6.3)."""
    if getattr(socket.getaddrinfo, 'knows_localhost', False):
        return
    original = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        is_local = isinstance(name, str) and name.endswith('.localhost')
        return original('127.0.0.1' if is_local else host, *arguments, **options)
    getaddrinfo.knows_localhost = True
    socket.getaddrinfo = getaddrinfo


class Visitor(requests.Session):
    """A browser without scripts: keeps cookies, reads forms, sends them."""

    def __init__(self, base=''):
        super().__init__()
        resolve_localhost()
        self.trust_env = False
        self.base = base

    def request(self, method, url, **options):
        options.setdefault('timeout', TIMEOUT)
        return super().request(method, self.base + url if url.startswith('/') else url, **options)

    def page(self, url, status=200, **options):
        """Open a page; Wrong unless it answers ``status``."""
        return expect(self.get(url, **options), status)

    def send_form(self, page, status=200, action=None, **values):
        """Send the form of ``page`` that has a token and, if given, goes to ``action``; with its hidden fields and ``values``."""
        forms = [form for form in re.findall(r'<form.*?</form>', page.text, re.S) if 'name="csrf_token"' in form]
        form = next((form for form in forms if action and f'action="{action}"' in form), forms[0] if forms else '')
        if not form:
            raise Wrong(f'{page.url} has no form: {excerpt(page.text)}')
        target = action or re.search(r'action="([^"]*)"', form.partition('>')[0] + '>')
        target = target if isinstance(target, str) or target is None else html.unescape(target[1])
        url = requests.compat.urljoin(page.url, target or page.url)
        return expect(self.post(url, data={**hidden_fields(form), **values}, headers={'Referer': page.url}), status)


def hidden_fields(form):
    fields = {}
    for tag in re.findall(r'<input[^>]*>', form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get('type') == 'hidden' and 'name' in attributes:
            fields[attributes['name']] = html.unescape(attributes.get('value', ''))
    return fields


def excerpt(text):
    """The words of a page, for an error message."""
    words = re.sub(r'(?s)<(script|style|head).*?</\1>|<[^>]+>', ' ', text)
    return re.sub(r'\s+', ' ', html.unescape(words)).strip()[:300]


def expect(response, status):
    if response.status_code != status:
        raise Wrong(f'{response.request.method} {response.url} answered {response.status_code}, not {status}: '
                    f'{excerpt(response.text)}')
    return response


class Staff:
    """A member of staff at the master, in a session (``stack.rpc.Session``) of its own."""

    def __init__(self, session):
        self.session = session

    def call(self, model, method, *args, **kwargs):
        """A method of a model; where it asks for a fresh proof of identity, that is given first."""
        answer = self.session.call(model, method, *args, **kwargs)
        if isinstance(answer, dict) and answer.get('res_model') == 'saas.step.up.dialogue':
            self.session.prove(answer['context']['default_kind'])
            answer = self.session.call(model, method, *args, **kwargs)
        return answer

    def tenant(self, name):
        """Id of the newest tenant of that name."""
        found = self.call('saas.tenant', 'search', [('name', '=', name)], limit=1, order='id desc')
        if not found:
            raise Wrong(f'There is no tenant {name}.')
        return found[0]

    def read(self, name, *fields):
        return self.call('saas.tenant', 'read', [self.tenant(name)], list(fields))[0]

    def act(self, name, action, *states, seconds=180):
        """Press a button of the tenant and wait until what it opened has ended in one of ``states``."""
        tenant = self.tenant(name)
        self.call('saas.tenant', action, [tenant])
        self.wait(name, *states, seconds=seconds)

    def wait(self, name, *states, seconds=180):
        """Wait until no operation of the tenant is under way; Wrong if one failed or the state is another."""
        tenant, deadline = self.tenant(name), time.monotonic() + seconds
        while time.monotonic() < deadline:
            operation = self.call('saas.operation', 'search_read', [('tenant_id', '=', tenant)],
                                  ['kind', 'state', 'error'], limit=1, order='id desc')
            if operation and operation[0]['state'] not in ('waiting', 'running'):
                break
            time.sleep(POLL)
        state = self.call('saas.tenant', 'read', [tenant], ['state'])[0]['state']
        if state not in states or operation[0]['state'] != 'done':
            raise Wrong(f'{name} is {state}, not {" or ".join(states)}; {operation}')

    @contextmanager
    def resting(self, crons):
        """So long these crons do not run; those that run just now are waited for, since Odoo refuses a change of them."""
        self._set_active(crons, False)
        try:
            yield
        finally:
            self._set_active(crons, True)

    def _set_active(self, crons, active, seconds=90):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.call('ir.cron', 'write', crons, {'active': active})
            except RemoteError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def workers(self):
        """The crons that work operations off."""
        return self.call('ir.cron', 'search', [('code', '=like', 'model._work(%')])


def wait_for_link(stack, recipient, path, seconds=30):
    """The newest link with ``path`` in a mail to ``recipient``."""
    deadline = time.monotonic() + seconds
    while True:
        links = [link for message in stack.mails() if recipient in str(message['To'])
                 for link in links_of(message) if path in link]
        if links:
            return links[-1]
        if time.monotonic() > deadline:
            raise Wrong(f'No mail with a link {path} came to {recipient} within {seconds} s.')
        time.sleep(POLL)


def links_of(message):
    body = message.get_body(('html', 'plain'))
    return [html.unescape(link) for link in re.findall(r'href="(https?://[^"]+)"', body.get_content())] if body else []


def until_status(visitor, url, status, seconds=60, pause=POLL):
    """Look at ``url`` until it answers ``status``; return that answer.

    Each look is a new visitor's: a connection kept alive stays with a worker that nginx is about to replace.
    """
    deadline, found = time.monotonic() + seconds, None
    while True:
        with suppress(requests.ConnectionError):
            response = visitor.get(url, allow_redirects=False, headers={'Connection': 'close'})
            found = response.status_code
            if found == status:
                return response
        if time.monotonic() > deadline:
            raise Wrong(f'{url} still answers {found}, not {status}, after {seconds} s.')
        time.sleep(pause)


def authenticate(url, database, login, password):
    """uid of ``login`` in a tenant by its own JSON-RPC, 0 if it is refused."""
    payload = {'jsonrpc': '2.0', 'method': 'call', 'params': {
        'service': 'common', 'method': 'authenticate', 'args': [database, login, password, {}]}}
    return expect(Visitor(url).post('/jsonrpc', data=json.dumps(payload),
                                    headers={'Content-Type': 'application/json'}), 200).json().get('result') or 0


class Timeline:
    """Steps with the milliseconds they took; the first wrong one ends it."""

    def __init__(self, echo=print):
        self.rows, self.echo = [], echo

    @contextmanager
    def step(self, what):
        start = time.perf_counter()
        try:
            yield
        except Exception:
            self.echo(f'{"WRONG":>9}  {what}')
            raise
        took = (time.perf_counter() - start) * 1000
        self.rows.append((what, took))
        self.echo(f'{took:6.0f} ms  {what}')
