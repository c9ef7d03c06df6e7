"""Who asks, what he may, and how often."""
import math
import re

from .answers import ApiError
from .shapes import digest


def token_of(world, headers, path):
    """The token's record.

    :raises ApiError: as the API does for a missing, malformed, unknown or expired one
    """
    header = headers.get('Authorization')
    if header is None:
        raise ApiError(400, 9106, 'Authentication failed (status: 400): missing Authorization header')
    match = re.fullmatch(r'Bearer ([A-Za-z0-9_\-]{20,120})', header)
    if not match:
        raise ApiError(400, 6003, 'Invalid request headers', [(6111, 'Invalid format for Authorization header')])
    token = world.store.get('tokens', digest(match[1]))
    if token is None or not _is_verified_here(token, path):
        raise ApiError(401, 1000, 'Invalid API Token') if path.endswith('/tokens/verify') else \
            ApiError(403, 9109, 'Invalid access token')
    return token


def _is_verified_here(token, path):
    """Each kind of token is verified at its own address."""
    if path == '/user/tokens/verify':
        return token['owner'] == 'user'
    return not path.startswith('/accounts/') or not path.endswith('/tokens/verify') or token['owner'] == path.split('/')[2]


def status_of(world, token):
    expires = token.get('expires_on')
    return 'expired' if expires and expires < world.now() else token['status']


def require(world, token, permission, zone=None, account=None):
    if status_of(world, token) != 'active':
        raise ApiError(403, 9109, 'Invalid access token')
    if zone is not None and not _covers(token['zones'], zone) or account is not None and not _covers(token['accounts'], account):
        raise ApiError(403, 9109, 'Unauthorized to access requested resource')
    if permission and not any(_includes(held, permission) for held in token['permissions']):
        raise ApiError(403, 10000, 'Authentication error')


def _covers(held, wanted):
    return '*' in held or wanted in held


def _includes(held, wanted):
    """Who may write may read."""
    return held == wanted or held == wanted.replace(' Read', ' Write')


def count_call(world, token):
    """Headers for the answer.

    :raises ApiError: 429; whoever went over the limit is shut out for a whole window
    """
    limit, window, now = world.setting('rate_limit'), world.setting('rate_window'), world.now()
    if not limit:
        return {}
    state = world.calls.setdefault(token['id'], [now, 0, 0.0])
    if state[0] + window <= now or state[0] > now:
        state[0], state[1] = now, 0
    state[1] += 1
    if state[1] > limit and state[2] <= now:
        state[2] = now + window
    resets = math.ceil(max(state[0] + window, state[2]) - now)
    headers = {'Ratelimit': f'"default";r={max(limit - state[1], 0)};t={resets}',
               'Ratelimit-Policy': f'"default";q={limit};w={window:.0f}'}
    if state[2] > now:
        raise ApiError(429, 10429, 'More than 1200 requests per 300 seconds reached. Please wait and consider throttling'
                       ' your request speed', headers={**headers, 'Retry-After': str(math.ceil(state[2] - now))})
    return headers
