import logging
import re
import time

import pyotp

from odoo import SUPERUSER_ID, _, api, models
from odoo.exceptions import UserError
from odoo.http import request

from ..series import check_password
from ..step_up import KINDS, StepUpRequired
from .saas_rate import RateLimited

_logger = logging.getLogger(__name__)

MINUTES = 10                # a proof counts for so long, for its kind of act, in its session
LIMITS = (('step_up', 5, 600), ('step_up_day', 20, 86400))      # purpose, wrong proofs of one person, within seconds
SESSION_KEY = 'saas_step_up'
CODE = re.compile(r'[0-9]{6}')


class SaasStepUp(models.AbstractModel):
    """Who deletes, restores, changes secrets or makes API keys proves once more who they are.

    The proof lives in the session, on the server: a cookie taken from another browser does not carry it further than
    its minutes, and logging out ends it.
    """

    _name = 'saas.step.up'
    _description = 'Fresh Proof of Identity'

    @api.model
    def _is_fresh(self, kind):
        """Whether this session proved it for ``kind`` lately. Odoo itself need not: a cron, a command.

        That there is no request says nothing: Odoo puts it aside while it serves RPC with a password or a key.
        """
        if not request:
            return self.env.uid == SUPERUSER_ID
        proofs = request.session.get(SESSION_KEY) or {}
        return proofs.get('uid') == self.env.uid == request.session.uid and proofs.get(kind, 0) > time.time()

    @api.model
    def _require(self, kind):
        if not self._is_fresh(kind):
            raise StepUpRequired(
                _('Confirm first that it is you: with a code of your second factor, or with your password.'), kind)

    @api.model
    def _ask(self, kind, records, method):
        """False when nothing is to be asked, else the dialogue that asks and then calls ``method`` of ``records``."""
        if self._is_fresh(kind):
            return False
        if not request or request.session.uid != self.env.uid:
            self._require(kind)
        return {
            'type': 'ir.actions.act_window', 'name': _('Is it you?'), 'res_model': 'saas.step.up.dialogue',
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new', 'context': {
                'default_kind': kind, 'default_res_model': records._name, 'default_method': method,
                'default_res_ids': records.ids},
        }

    @api.model
    def _proof_type(self):
        """What the person is asked for: ``totp`` when enrolled, else ``password``."""
        return 'totp' if self.env.user.sudo().totp_enabled else 'password'

    @api.model
    def _prove(self, kind, proof):
        """Check a code or password of the person and note it in the session.

        Raises UserError when it is wrong, RateLimited after too many wrong ones. A session of somebody else, or none
        (RPC with a password or a key), can prove nothing.
        """
        if kind not in KINDS:
            raise UserError(_('There is no act of the kind "%s".', kind))
        if not request or request.session.uid != self.env.uid:
            self._refuse(kind, _('Log in with a browser: a proof of identity belongs to its session.'))
        self._count_try(kind)
        if self._proof_type() == 'totp':
            problem = self._code_problem(self.env.user, proof)
        else:
            problem = not check_password(self.env.user, proof) and _('This is not your password.')
        if problem:
            self._refuse(kind, problem)
        for purpose, _limit, _seconds in LIMITS:
            self.env['saas.rate']._give_back(purpose, str(self.env.uid))
        proofs = request.session.get(SESSION_KEY) or {}
        kept = proofs if proofs.get('uid') == self.env.uid else {'uid': self.env.uid}
        request.session[SESSION_KEY] = {**kept, kind: time.time() + 60 * MINUTES}

    def _count_try(self, kind):
        """Counted before it is looked at, so that many at once do not slip through; a right one is given back."""
        try:
            for purpose, limit, seconds in LIMITS:
                self.env['saas.rate']._count(purpose, str(self.env.uid), limit, seconds)
        except RateLimited:
            _logger.warning('Step-up "%s" of user #%s: too many wrong proofs.', kind, self.env.uid)
            raise

    def _refuse(self, kind, problem):
        """Leave a line that outlives the rollback this error brings."""
        self.env['saas.audit']._note_apart('step_up_failed', detail=kind)
        _logger.warning('Step-up "%s" of user #%s failed.', kind, self.env.uid)
        raise UserError(problem)

    # -- codes (RFC 6238) -----------------------------------------------------------------------

    @api.model
    def _code_problem(self, user, code):
        """False, or why this code is not accepted: each counts once, up to 30 s early or late."""
        counter = self._counter(user, ''.join(code.split()) if isinstance(code, str) else '')
        if counter is None:
            return _('This code is not the present one. Look at your authenticator again.')
        if not self.env['saas.totp.use']._take(user, counter):
            return _('This code was used already. Wait for the next one.')
        return False

    @api.model
    def _counter(self, user, digits):
        """Which of the three codes that count now this is: its number since 1970, or None."""
        secret = ''.join((user.sudo().totp_secret or '').split())
        if not secret or not CODE.fullmatch(digits):
            return None
        totp = pyotp.TOTP(secret)
        now = int(time.time()) // totp.interval
        same = [counter for counter in (now - 1, now, now + 1)
                if pyotp.utils.strings_equal(totp.generate_otp(counter), digits)]
        return same[0] if same else None

    @api.model
    def _explain_limit(self, limited: RateLimited):
        return _('Too many tries. The next one is welcome in %s seconds.', limited.retry_after)
