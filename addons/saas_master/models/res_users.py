from odoo import _, api, models
from odoo.exceptions import AccessDenied

from ..series import USER_GROUPS

ROLES = ('saas_master.group_saas_support', 'saas_master.group_saas_manager')


class ResUsers(models.Model):
    _inherit = 'res.users'

    # -- a code of the second factor counts once, be it for logging in or for an act ------------

    def _totp_check(self, code):        # 17.0
        result = super()._totp_check(code)
        self._use_totp(code)
        return result

    def _check_credentials(self, credential, env):
        result = super()._check_credentials(credential, env)
        if isinstance(credential, dict) and credential.get('type') == 'totp':       # later series
            self._use_totp(credential['token'])
        return result

    def _use_totp(self, code):
        counter = self.env['saas.step.up']._counter(self, f'{int(code):06d}')
        if counter is not None and not self.env['saas.totp.use']._take(self, counter):
            raise AccessDenied(_('This code was used already. Wait for the next one.'))

    # -- who is given or loses a role of ours ---------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        users._note_roles({user: '' for user in users})
        return users

    def write(self, vals):
        watched = any(name == USER_GROUPS or name.startswith(('in_group_', 'sel_groups_')) for name in vals)
        before = {user: user._saas_role() for user in self} if watched else {}
        result = super().write(vals)
        self._note_roles(before)
        return result

    def _note_roles(self, before):
        for user, role in before.items():
            if user._saas_role() != role:
                self.env['saas.audit']._note('change_role', user, f'{role or "-"} → {user._saas_role() or "-"}')

    def _saas_role(self):
        names = [role.rpartition('_')[2] for role in ROLES if self.sudo().has_group(role)]
        return names[-1] if names else ''
