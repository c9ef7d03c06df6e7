"""From a request to an endpoint and back: who asks, what was sent, the answer or the error as JSON.

Errors become answers only after Odoo has rolled back (``handle_error``), and what PostgreSQL refuses because two
transactions met goes to Odoo, which repeats the request.
"""
import functools
import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ...models.saas_rate import RateLimited
from . import identity, limits, reading
from .errors import ApiError, explain
from .registry import SAFE, allowed
from .schemas import PATHS
from .texts import _lt, translate

HEADERS = {'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff'}
JSON = 'application/json'
NO_CONTENT = 204


@dataclass
class Call:
    """What an endpoint is given: records through ``env`` have the caller's own rights and language."""
    env: Any
    spec: Any
    lang: str
    user: Any = None
    scope: str = None           # of the API key; None with a session
    query: Any = None
    body: Any = None
    is_manager: bool = False
    is_staff: bool = False

    @property
    def headers(self):
        return request.httprequest.headers

    @property
    def address(self):
        return request.httprequest.remote_addr

    def text(self, source, **values):
        text = translate(source, self.lang, (self.spec.module, 'saas_master'))
        return text.format(**values) if values else text


@dataclass
class Answer:
    """Another status than the usual one, headers, or a body that is no JSON (``data`` is then a text).

    ``is_shaped``: ``data`` went through the answer's schema before.
    """
    data: Any = None
    status: int = None
    is_shaped: bool = False
    headers: dict = field(default_factory=dict)


class RestDispatcher(http.Dispatcher):
    """Odoo's own one for HTTP reads forms and passes the query as keyword arguments; this one does neither."""

    routing_type = 'saas_rest'
    mimetypes = (JSON,)
    lang = 'en_US'

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        self.request.params = args
        try:
            return self.request.registry['ir.http']._dispatch(endpoint)
        except (RateLimited, UserError) as problem:
            raise explain(problem) from problem

    def handle_error(self, exc):
        error = explain(exc) or ApiError('internal_error')
        content = error.content(functools.partial(translate, lang=self.lang))
        headers = {**HEADERS, 'Content-Language': self.lang[:2], **error.headers}
        if error.code == 401:
            headers['WWW-Authenticate'] = 'Bearer realm="saas"'
        return http.Response(json.dumps(content, ensure_ascii=False), status=error.code, headers=headers, content_type=JSON)


def serve(spec, act, path_values):
    """Answer one request; ``act`` is the endpoint's own method."""
    return _answer(spec, act(_open(spec, path_values), **path_values))


def _open(spec, path_values):
    """Check everything that can be checked before the endpoint's own work."""
    sent = request.httprequest
    lang = request.dispatcher.lang = identity.language(request.env, sent, request.session)
    if sent.method != spec.method and not (sent.method == 'HEAD' and spec.method == 'GET'):
        raise ApiError('method_not_allowed', headers={'Allow': ', '.join(allowed(request.env, sent.path.rstrip('/')))})
    user, scope = identity.caller(spec)
    limits.count_request(request.env, user, sent.remote_addr)
    identity.check(spec, user, scope)
    _check_path(path_values)
    body = _read(spec, sent, lang) if spec.method not in SAFE else None
    query = reading.parse_query(sent.args, spec.query, lang)
    if user:
        request.update_env(user=user.id, context={**request.session.context, 'lang': lang} if not scope else {'lang': lang})
    else:
        request.update_context(lang=lang)
    call = Call(request.env, spec, lang, request.env.user if user else None, scope, query, body)
    if user:
        call.is_manager, call.is_staff = identity.is_manager(call.user), identity.is_staff(call.user)
        identity.check_role(call)
    return call


def _check_path(values):
    if any(not PATHS[name].fullmatch(value) for name, value in values.items() if name in PATHS):
        raise ApiError('not_found')


def _read(spec, sent, lang):
    """The checked body. A request that changes something says that it is JSON, which a form of another site cannot."""
    if sent.headers.get('Sec-Fetch-Site') == 'cross-site':
        raise ApiError('cross_site')
    if sent.mimetype != JSON and not (spec.body is None and identity.sent_key(sent)):
        raise ApiError('unsupported_media_type')
    raw = reading.read_body(sent)
    if spec.body is not None:
        return reading.parse(raw, spec.body, lang)
    if raw.strip() and raw.strip() != b'{}':
        raise ApiError('invalid_json', details={'reason': translate(NO_BODY, lang)})
    return None


NO_BODY = _lt('Send no body here, or {}.')


@functools.cache
def adapter(schema):
    return TypeAdapter(schema)


def _answer(spec, answer):
    answer = answer if isinstance(answer, Answer) else Answer(answer)
    status = answer.status or next(iter(spec.answers))
    headers = {**HEADERS, 'Content-Language': request.dispatcher.lang[:2], **answer.headers}
    if status == NO_CONTENT:
        return http.Response(status=status, headers=headers)
    body = _written(spec, answer, spec.answers[status])
    return http.Response(body, status=status, headers=headers, content_type=spec.content_type)


def _written(spec, answer, schema):
    if spec.content_type != JSON:
        return answer.data
    return json.dumps(answer.data, ensure_ascii=False) if answer.is_shaped else adapter(schema or dict).dump_json(
        adapter(schema or dict).validate_python(answer.data))


def shape(schema, data):
    """``data`` as the schema writes it, in values that JSON has."""
    return adapter(schema).dump_python(adapter(schema).validate_python(data), mode='json')
