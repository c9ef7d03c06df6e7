"""Who asks: a person by Odoo's session cookie, or a program by an API key of ours."""
import functools

from odoo.http import request

from . import limits
from .errors import ApiError
from .registry import SCOPES

MANAGER, SUPPORT = 'saas_master.group_saas_manager', 'saas_master.group_saas_support'
BEARER = 'bearer '


def sent_key(sent):
    """The API key of a request, from ``X-API-KEY`` or ``Authorization: Bearer``; None without."""
    key = sent.headers.get('X-API-KEY')
    if key is not None:
        return key
    authorization = sent.headers.get('Authorization', '')
    return authorization[len(BEARER):].strip() if authorization.lower().startswith(BEARER) else None


def caller(spec):
    """(user, scope of the key or None). A key that is sent counts, whatever the cookie says; a wrong one is refused."""
    env = request.env
    if spec.who in ('none', 'session'):
        return _of_session(env), None
    key = sent_key(request.httprequest)
    if key is not None:
        return _of_key(env, key)
    return (_of_session(env) if spec.who == 'any' else env['res.users']), None


def check(spec, user, scope):
    if not user and spec.who == 'session' and sent_key(request.httprequest) is not None:
        raise ApiError('session_required')
    if not user and spec.who != 'none':
        raise ApiError('invalid_api_key' if spec.who == 'key' else 'token_required')
    if scope and scope not in spec.scopes:
        raise ApiError('insufficient_scope')


def check_role(call):
    wanted = call.spec.role
    if wanted == 'manager' and not call.is_manager or wanted == 'staff' and not call.is_staff:
        raise ApiError('forbidden')


def is_manager(user):
    return user.has_group(MANAGER)


def is_staff(user):
    return user.has_group(SUPPORT)


def role(user):
    """manager, support, customer, or none of them."""
    groups = (('manager', MANAGER), ('support', SUPPORT), ('customer', 'base.group_portal'))
    return next((name for name, group in groups if user.has_group(group)), 'none')


def _of_session(env):
    """Odoo has checked the session's token already (``ir.http._authenticate``)."""
    return env['res.users'].browse(request.session.uid or ())


def _of_key(env, key):
    """A wrong key is counted against its address; a right one always opens."""
    user, scope = env['saas.api.key'].sudo()._check(key, SCOPES)
    if not user:
        limits.Failures(env, request.httprequest.remote_addr).note()
        raise ApiError('invalid_api_key')
    return user.with_env(env), scope


# -- language -----------------------------------------------------------------------------------


def language(env, sent, session):
    """The installed language that Accept-Language wants most, else the session's, else the database's."""
    codes = tuple(code for code, _name in env['res.lang'].sudo().get_installed())
    wanted = _wanted(sent.headers.get('Accept-Language', '')[:200], codes)
    own = session.context.get('lang')
    return wanted or (own if own in codes else codes[0])


@functools.lru_cache(maxsize=512)
def _wanted(header, codes):
    for tag in _by_weight(header):
        exact = next((code for code in codes if code.replace('_', '-').lower() == tag), None)
        near = next((code for code in codes if code.partition('_')[0] == tag.partition('-')[0]), None)
        if exact or near:
            return exact or near
    return None


def _by_weight(header):
    """Tags in lower case, most wanted first (RFC 9110, 12.5.4)."""
    tags = []
    for part in header.lower().split(','):
        tag, _sep, parameter = part.strip().partition(';')
        weight = parameter.strip().removeprefix('q=') or '1'
        try:
            tags.append((-float(weight), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(tags, key=lambda pair: pair[0]) if tag and weight < 0]
