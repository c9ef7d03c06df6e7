import time

import pyotp

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.http import request

from ..series import check_password
from ..step_up import KINDS, StepUpRequired
from .saas_rate import RateLimited

MINUTES = 10                # a proof counts for so long, for its kind of act, in its session
TRIES, TRY_SECONDS = 5, 600
SESSION_KEY = 'saas_step_up'


class SaasStepUp(models.AbstractModel):
    """Who deletes, restores, changes secrets or makes API keys proves once more who they are.

    The proof lives in the session, on the server: a cookie taken from another browser does not carry it further than
    its minutes, and logging out ends it.
    """

    _name = 'saas.step.up'
    _description = 'Fresh Proof of Identity'

    @api.model
    def _is_fresh(self, kind):
        """Whether this session proved it for ``kind`` lately. True where no person is before a screen: a cron, a command."""
        if not request:
            return True
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
        if request.session.uid != self.env.uid:
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

        Raises UserError when it is wrong, RateLimited after too many tries (right ones count too).
        """
        if kind not in KINDS:
            raise UserError(_('There is no act of the kind "%s".', kind))
        self.env['saas.rate']._count('step_up', str(self.env.uid), TRIES, TRY_SECONDS)
        if self._proof_type() == 'totp':
            self._check_code(self.env.user, proof)
        elif not check_password(self.env.user, proof or ''):
            raise UserError(_('This is not your password.'))
        proofs = request.session.get(SESSION_KEY) or {}
        kept = proofs if proofs.get('uid') == self.env.uid else {'uid': self.env.uid}
        request.session[SESSION_KEY] = {**kept, kind: time.time() + 60 * MINUTES}

    @api.model
    def _check_code(self, user, code):
        """Accept each code of ``user``'s enrolment once (RFC 6238, 5.2), up to 30 s early or late; else UserError."""
        secret = user.sudo().totp_secret
        digits = ''.join((code or '').split())
        totp = pyotp.TOTP(''.join((secret or '').split()))
        now = int(time.time()) // totp.interval
        counter = secret and next((
            counter for counter in (now, now - 1, now + 1)
            if pyotp.utils.strings_equal(totp.generate_otp(counter), digits)), None)
        if not counter:
            raise UserError(_('This code is not the present one. Look at your authenticator again.'))
        if not self.env['saas.totp.use']._take(user, counter):
            raise UserError(_('This code was used already. Wait for the next one.'))

    @api.model
    def _explain_limit(self, limited: RateLimited):
        return _('Too many tries. The next one is welcome in %s seconds.', limited.retry_after)
