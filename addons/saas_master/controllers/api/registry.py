"""What is known of every endpoint. The routes, the checks and the OpenAPI document are all made from it."""
import functools
import re
from dataclasses import dataclass, field

from .schemas import NoQuery

REGISTRY = {}                       # (method, path as in OpenAPI) -> Endpoint
SAFE = ('GET', 'HEAD', 'OPTIONS')
SCOPES = ('saas.api', 'saas.provisioning')
_KEY = ('invalid_api_key', 'forbidden', 'insufficient_scope')
REFUSALS = {'session': ('token_required', 'session_required'), 'key': _KEY, 'any': ('token_required', *_KEY), 'none': ()}


@dataclass(frozen=True)
class Endpoint:
    """``who``: session, key, any of both, or none. ``role``: manager, staff or None for everybody who got in.

    ``answers`` maps a status to a schema; the first is the usual one. ``errors`` adds codes to those that follow from
    the rest. ``scopes`` are those of API keys that open it.
    """
    method: str
    path: str
    name: str
    module: str
    summary: str
    description: str
    tag: str
    answers: dict
    query: type = NoQuery
    body: type = None
    who: str = 'any'
    role: str = None
    scopes: tuple = ('saas.api',)
    errors: tuple = ()
    idempotent: bool = False
    saves_session: bool = False
    content_type: str = 'application/json'
    examples: dict = field(default_factory=dict)

    @property
    def changes(self):
        return self.method not in SAFE

    @property
    def path_names(self):
        return re.findall(r'{(\w+)}', self.path)

    def error_codes(self):
        """Every code it may answer with."""
        codes = ['validation_error', 'rate_limited', 'internal_error', 'unavailable', *self.errors]
        codes += REFUSALS[self.who]
        if self.changes:
            codes += ['invalid_json', 'cross_site', 'length_required', 'too_large', 'unsupported_media_type']
        if self.path_names:
            codes.append('not_found')
        if self.idempotent:
            codes.append('idempotency_key_reused')
        return list(dict.fromkeys(codes))


def installed(env):
    """The endpoints of the addons that this database has."""
    modules = env.registry._init_modules
    return [spec for spec in REGISTRY.values() if spec.module in modules]


def allowed(env, path):
    """Methods that the address ``path`` takes; empty when nothing is there."""
    methods = {spec.method for spec in installed(env) if _pattern(spec.path).fullmatch(path)}
    return sorted(methods | ({'HEAD'} if 'GET' in methods else set()))


@functools.cache
def _pattern(path):
    return re.compile(re.sub(r'\\{\w+\\}', '[^/]+', re.escape(path)))
