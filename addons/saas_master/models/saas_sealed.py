import contextlib

from odoo import api, models
from odoo.exceptions import UserError

from ..drivers.errors import DriverError
from ..drivers.vault import Vault


class SaasSealed(models.AbstractModel):
    """Records with secrets that are written and never shown: ``<name>_sealed`` keeps what ``<name>`` was given."""

    _name = 'saas.sealed'
    _description = 'Records with Sealed Secrets'

    def _seal(self, name):
        for record in self.filtered(name):
            self.env['saas.step.up']._require('secret')
            with self._user_errors():
                record.sudo()[f'{name}_sealed'] = Vault.from_environment().seal(record[name])
            self.env['saas.audit']._note('change_secret', record, name)
        self.invalidate_recordset([name], flush=False)      # not even this transaction reads it back

    @api.model
    def _open_secret(self, sealed):
        return Vault.from_environment().open(sealed) if sealed else ''

    @contextlib.contextmanager
    def _user_errors(self):
        try:
            yield
        except DriverError as error:
            raise UserError(str(error)) from error
