"""/api/auth: Odoo's own identity and its httpOnly session cookie; no token ever stands in a body."""
import time
from datetime import datetime, timezone

from odoo import http
from odoo.exceptions import AccessDenied, UserError
from odoo.http import request

from ...models.saas_rate import RateLimited
from ...models.saas_step_up import SESSION_KEY
from ...series import authenticate
from ...step_up import KINDS
from . import identity, limits
from .endpoint import endpoint
from .errors import ApiError
from .schemas_identity import Done, Login, Me, Proof, Proven
from .texts import _lt

TAG = 'auth'
OTHER_FACTOR = _lt('Your second factor is not an authenticator app. Log in on the website.')
NOT_THE_ROLE = _lt('You do not have this role.')


class AuthApi(http.Controller):

    @endpoint('POST', '/api/auth/login', tag=TAG, summary=_lt('Log in'), body=Login, answers={200: Me}, who='none',
              saves_session=True, errors=('invalid_credentials', 'totp_required', 'invalid_totp', 'forbidden'),
              description=_lt('Sets the cookie session_id, which scripts cannot read. Whoever had a session before gets a '
                              'new one. Failures are limited for each address and each log-in name; successes are not counted.'))
    def login(self, call):
        guard = limits.Failures(call.env, call.address, call.body.email)
        guard.check()
        try:
            user = _authenticated(call, guard)
        except AccessDenied as refused:
            guard.note()
            raise _refusal(call, refused) from refused
        if not _has_role(user, call.body.role):
            raise ApiError('forbidden', call.text(NOT_THE_ROLE))
        user.env['saas.audit']._note('login')
        return show_me(user)

    @endpoint('POST', '/api/auth/logout', tag=TAG, summary=_lt('Log out'), answers={200: Done}, who='session',
              saves_session=True)
    def logout(self, call):
        call.env['saas.audit']._note('logout')
        request.session.logout(keep_db=True)
        return {}

    @endpoint('POST', '/api/auth/refresh', tag=TAG, summary=_lt('Prolong the session'), answers={200: Me}, who='session',
              saves_session=True, description=_lt('The session gets a new number and time; the old cookie is void.'))
    def refresh(self, call):
        request.session.should_rotate = True
        return show_me(call.user)

    @endpoint('GET', '/api/auth/me', tag=TAG, summary=_lt('Who am I?'), answers={200: Me})
    def me(self, call):
        return show_me(call.user, call.scope)

    @endpoint('POST', '/api/auth/step-up', tag=TAG, summary=_lt('Prove that it is you'), body=Proof, answers={200: Proven},
              who='session', saves_session=True, errors=('invalid_credentials',),
              description=_lt('Opens dangerous acts of one kind for ten minutes: by a code of the second factor, or by the '
                              'password where none is enrolled. Each code is taken once.'))
    def step_up(self, call):
        try:
            call.env['saas.step.up']._prove(call.body.kind, call.body.proof)
        except UserError as problem:
            raise ApiError('invalid_credentials', str(problem)) from problem
        return {'step_ups': _step_ups(call.user)}


def _authenticated(call, guard):
    """The user of a right password and, where enrolled, a right code. Raises AccessDenied or ApiError."""
    body, env = call.body, call.env
    authenticate(body.email, body.password)
    if not request.session.uid:
        user = env['res.users'].sudo().browse(request.session['pre_uid'])
        if not user.totp_enabled:
            raise ApiError('forbidden', call.text(OTHER_FACTOR))
        if not body.totp:
            raise ApiError('totp_required')
        _check_code(user, body.totp, guard)
        request.session.finalize(request.env)
    request.update_env(user=request.session.uid)
    return request.env.user


def _check_code(user, code, guard):
    problem = user.env['saas.step.up']._code_problem(user, code)
    if problem:
        guard.note()
        raise ApiError('invalid_totp', problem)


def _refusal(call, refused):
    """Odoo has a limit of its own: some failures from one address, then a pause."""
    if str(refused) == str(AccessDenied()):
        return ApiError('invalid_credentials')
    pause = call.env['ir.config_parameter'].sudo().get_param('base.login_cooldown_duration')
    return RateLimited(int(pause) if pause and pause.isdecimal() else 60)


def _has_role(user, wanted):
    role = identity.role(user)
    return wanted is None or {'admin': 'manager'}.get(wanted, wanted) in (role, 'support' if role == 'manager' else role)


def show_me(user, scope=None):
    """Values of ``schemas_identity.Me``."""
    person, steps = user.partner_id, user.env['saas.step.up']
    role = identity.role(user)
    return {
        'email': user.login, 'name': user.name, 'lang': user.lang or 'en_US', 'role': role,
        'right': person.saas_right or None if role == 'customer' else None,
        'customer': person.sudo().commercial_partner_id.name if role == 'customer' else None,
        'customer_id': person.commercial_partner_id.id if role == 'customer' else None,
        'totp_enrolled': user.sudo().totp_enabled, 'proof': steps.with_user(user)._proof_type(),
        'step_ups': [] if scope else _step_ups(user),
        'via': 'api_key' if scope else 'session', 'scope': scope,
    }


def _step_ups(user):
    proofs = request.session.get(SESSION_KEY) or {}
    if proofs.get('uid') != user.id:
        return []
    return [{'kind': kind, 'expires_at': datetime.fromtimestamp(proofs[kind], timezone.utc).replace(tzinfo=None)}
            for kind in KINDS if proofs.get(kind, 0) > time.time()]
