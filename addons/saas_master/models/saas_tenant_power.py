"""What managers do to a tenant's container: start, stop, restart it, keep its state, take a kept state back or remove it."""
from datetime import datetime, timezone

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..drivers.pve.backups import Backups
from ..step_up import step_up

MIB = 2**20
PLACED = ('running', 'suspended')
REMOVE = {'snapshot': Backups.remove_snapshot, 'backup': Backups.remove_backup}


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _dedicated_steps(self):
        start, stop = ('start', _('Start the container')), ('stop', _('Stop the container'))
        warm, configure = ('warm', _('Wait for Odoo')), ('configure', _('Give it its address and resources'))
        return {
            **super()._dedicated_steps(),
            'start': [start, warm],
            'stop': [stop],
            'restart': [stop, start, warm],
            'snapshot': [('snapshot', _('Take a snapshot'))],
            'backup': [('backup', _('Write the backup'))],
            'rollback': [('rollback', _('Go back to the snapshot')), start, warm],
            'restore': [('restore', _('Read the backup back')), configure, start, warm],
            'remove_kept': [('remove_kept', _('Remove it from its storage'))],
        }

    # -- buttons --------------------------------------------------------------------------------

    def action_start_container(self):
        return self._power('start')

    def action_stop_container(self):
        return self._power('stop')

    def action_restart_container(self):
        return self._power('restart')

    def action_snapshot(self):
        return self._power('snapshot', name=self._moment_name())

    def action_backup(self):
        return self._power('backup')

    @step_up('restore')
    def action_take_back(self):
        """Which snapshot or backup, and the name typed: the dialogue asks."""
        self.ensure_one()
        self._check_power()
        return self.env['saas.container.take.back']._open_for(self)

    def _power(self, kind, **params):
        self.check_access('write')
        self._check_power()
        self.env['saas.audit']._note(kind, self, ' '.join(params.values()))
        for tenant in self.sudo():
            tenant._open(kind, **params)
        return True

    def _check_power(self):
        for tenant in self.sudo():
            if not tenant.container_id:
                raise UserError(_('%s has no container of its own.', tenant.name))
            if tenant.state not in PLACED:
                raise UserError(_('%s neither runs nor is suspended: there is nothing to do to its container.', tenant.name))

    def _moment_name(self):
        return fields.Datetime.now().strftime('saas_%Y%m%d_%H%M%S')

    def _take_back(self, kind, name):
        """Go back to a snapshot (``rollback``) or a backup (``restore``); what came after it is lost."""
        self.check_access('write')
        self.env['saas.step.up']._require('restore')
        self._power(kind, name=name)

    def _remove_kept(self, what, name):
        """A ``snapshot`` or ``backup`` that nobody will go back to."""
        self.check_access('write')
        self.env['saas.step.up']._require('restore')
        self._power('remove_kept', what=what, name=name)

    # -- steps ----------------------------------------------------------------------------------

    def _is_left_halted(self, step):
        """What was stopped before a kept state was taken back stays so."""
        return self.container_id.is_halted and step.operation_id.kind in ('rollback', 'restore')

    def _step_start(self, step):
        return None if self._is_left_halted(step) else super()._step_start(step)

    def _step_warm(self, step):
        return None if step and self.container_id and self._is_left_halted(step) else super()._step_warm(step)

    def _on_backups(self, step, work, seen=''):
        """A step's outside part: ``work(backups, spec)``, as ``_on_container``."""
        spec, backups = self._spec(task=step.task), Backups(self.node_id._pve())
        return self._seen_when_done(lambda: work(backups, spec), seen)

    def _step_snapshot(self, step):
        name = step.operation_id.params['name']
        return self._on_backups(step, lambda backups, spec: backups.snapshot(spec, name))

    def _step_rollback(self, step):
        name = step.operation_id.params['name']
        return self._on_backups(step, lambda backups, spec: backups.rollback(spec, name), seen='stopped')

    def _step_backup(self, step):
        return self._on_backups(step, lambda backups, spec: backups.backup(spec))

    def _step_restore(self, step):
        volume = step.operation_id.params['name']
        return self._on_backups(step, lambda backups, spec: backups.restore(spec, volume), seen='stopped')

    def _step_remove_kept(self, step):
        what, name = step.operation_id.params['what'], step.operation_id.params['name']
        return self._on_backups(step, lambda backups, spec: REMOVE[what](backups, spec, name))


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    def _kept_work(self):
        """The outside part of a look at what is kept: values for the dialogue that asks which one to go back to."""
        spec, backups = self._tenant_spec(), Backups(self.node_id._pve())
        return lambda: [{
            'kind': kept.kind, 'name': kept.name, 'size_mib': -(-kept.size // MIB),
            'at': datetime.fromtimestamp(kept.made_at, timezone.utc).replace(tzinfo=None) if kept.made_at else False,
        } for kept in backups.kept(spec)]
