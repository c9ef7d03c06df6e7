"""Tenants with a container of their own: the steps that differ from those of a shared server.

The address and the resources of a container stay reserved until it is seen to be gone; its number is never given again.
"""
import uuid
from dataclasses import replace

from odoo import _, fields, models

from ..const import STAFF
from ..drivers.errors import Permanent
from ..drivers.spec import TenantSpec
from ..drivers.waiting import NotYet

DATABASE = 'odoo'                       # what the only database of a container is called
POWERED = ('provision', 'resume', 'install_modules')    # may leave a suspended tenant running


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    container_id = fields.Many2one('saas.container', readonly=True, copy=False, ondelete='restrict', index=True, groups=STAFF)
    standby_id = fields.Many2one('saas.standby', readonly=True, copy=False, ondelete='set null', groups=STAFF,
                                 help='Where it came from, if it was kept ready.')

    def _is_dedicated(self):
        """What it is now; before it was placed, what its plan will make of it."""
        tenant = self.sudo()
        if tenant.container_id:
            return True
        if tenant.state in ('draft', 'provisioning', 'failed'):
            return tenant.plan_id.isolation == 'dedicated'
        return tenant.node_id.kind == 'proxmox'

    def _operation_steps(self, kind):
        steps = len(self) == 1 and self._is_dedicated() and self._dedicated_steps().get(kind)
        return steps or super()._operation_steps(kind)

    def _dedicated_steps(self):
        start, warm = ('start', _('Start the container')), ('warm', _('Wait for Odoo'))
        stop, open_address = ('stop', _('Stop the container')), ('route', _('Open the address'))
        observe = ('observe', _('Check that it answers'))
        take_down = [
            ('unroute', _('Close the address')),
            ('remove', _('Remove the container')),
            ('release', _('Give its address and resources back')),
        ]
        return {
            'provision': [
                ('place', _('Choose a server')), ('clone', _('Clone the golden container')),
                ('configure', _('Give it its address and resources')), start, ('personalise', _('Make it yours')),
                ('publish_database', _('Let Odoo have its database')), warm, open_address, observe,
                ('go_live', _('Hand it over')), ('welcome', _('Send the welcome mail'))],
            'suspend': [
                ('route', _('Close the address')), ('observe_suspended', _('Check that it is closed')), stop,
                ('suspended', _('Note the suspension'))],
            'resume': [start, warm, open_address, observe, ('resumed', _('Note that it runs again'))],
            'delete': [*take_down, ('observe_gone', _('Check that it is gone')), ('deleted', _('Note the deletion'))],
            'cleanup': take_down,
            'install_modules': [start, warm, ('install_modules', _('Install the modules'))],
        }

    def _spec(self, task='', **more):
        """``task``: what an earlier look at the step left going on there."""
        container = self.sudo().container_id
        if container:
            more['container'] = replace(container._spec(), task=task or '')
        return super()._spec(**more)

    def _on_container(self, step, work, seen=''):
        """A step's outside part: ``work(host, spec)``; once it is done the container is known to be ``seen``."""
        spec = self._spec(task=step.task)
        return self._seen_when_done(self.node_id._on_host(lambda host: work(host, spec)), seen)

    @staticmethod
    def _seen_when_done(act, seen):
        def outside():
            outcome = act()
            return outcome if isinstance(outcome, NotYet) or not seen else {'seen': seen}
        return outside

    def _apply_result(self, step, result):
        if self.container_id and set(result) == {'seen'}:
            return self.container_id._note_state(result['seen'])
        return super()._apply_result(step, result)

    # -- provision ------------------------------------------------------------------------------

    def _step_place(self, step):
        """Placed together with what is reserved for it, in one transaction; repeated, it is placed already."""
        if not self._is_dedicated():
            return super()._step_place(step)
        if self.container_id:
            return None
        if self.env['saas.standby']._hand_out(self):
            return self._taken_from_standby(step)
        chosen = self.env['saas.node']._choose_node(self.plan_id, step)
        if isinstance(chosen, NotYet):
            return chosen
        template, node = chosen
        container = self.env['saas.container']._reserve(
            node, self.plan_id, template, hostname=self.name, mark=self.mark)
        self.write({'template_id': template.id, 'template_version': template.version, 'node_id': node.id,
                    'database_name': DATABASE, 'container_id': container.id})
        step.operation_id.node_id = node
        return None

    def _step_clone(self, step):
        """A container that is ours by its mark is adopted. A number that is somebody else's is left to him."""
        if not self._is_dedicated():
            return super()._step_clone(step)
        container, is_standby = self.container_id, bool(self.standby_id)
        golden = container.template_id._golden(container.node_id)
        clone = self._on_container(
            step, lambda host, spec: host.clone(golden, spec), seen='running' if is_standby else 'stopped')
        return container._or_next_number(clone)

    def _in_its_place(self):
        """The step that clones has made up for it: its number and its name were nobody's."""
        return (lambda host: {}) if self._is_dedicated() else super()._in_its_place()

    def _step_configure(self, step):
        return self._on_container(step, lambda host, spec: host.configure(spec))

    def _step_start(self, step):
        """Nothing where a snapshot or backup of a stopped container was taken back."""
        self.container_id.is_halted = False
        return self._on_container(step, lambda host, spec: host.start(spec), seen='running')

    def _step_stop(self, step):
        """What is gone needs no stopping; the watch tells of it."""
        self.container_id.is_halted = True
        return self._on_container(step, lambda host, spec: host.stop(spec), seen='stopped')

    # -- suspend --------------------------------------------------------------------------------

    def _step_suspended(self, step):
        """Stopped is stopped: whoever took the last reason away meanwhile has it started by a resume."""
        if self._is_dedicated() and not self.reason_ids:
            self._set_state('suspended')
            return None
        return super()._step_suspended(step)

    def _operation_done(self, operation):
        """A suspended tenant uses no memory: what had to start it for its work stops it again."""
        result = super()._operation_done(operation)
        if operation.kind in POWERED and self.state == 'suspended' and self.container_id and not self._active_operation():
            self._open('stop')
        return result

    # -- delete, cleanup ------------------------------------------------------------------------

    def _step_remove(self, step):
        return self.container_id and self._on_container(step, lambda host, spec: host.remove(spec))

    def _step_release(self, step):
        """Looks once more: also when somebody has skipped the removal, no address is given back that is in use."""
        if not self.container_id:
            return None
        still_there = _('The container %(number)s is still on its node. Remove it there, or retry the step that removes it.',
                        number=self.container_id.vmid)
        look = self._on_container(step, lambda host, spec: host.look(spec))

        def act():
            if look() != 'absent':
                raise Permanent(still_there)
            return {'gone': True}
        return act

    def _result_release(self, outcome):
        """A tenant that failed begins anew with another mark: this one stays with the container that is gone."""
        self.container_id._release()
        if self.state != 'deleting':
            self.write({'container_id': False, 'template_id': False, 'template_version': False, 'database_name': False,
                        'standby_id': False, 'mark': uuid.uuid4().hex})


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    is_halted = fields.Boolean('Stopped by Us', readonly=True, copy=False, help='An operation of ours has stopped it.')

    def _tenant_spec(self):
        """For looks at the container as such, whoever has it."""
        return TenantSpec(name=DATABASE, mark=self.mark, container=self._spec())

    def _note_state(self, state):
        """What an operation of ours has just made of it, which its own log tells: nothing is wrong with it any more."""
        had_problem = self.problem_code
        self.with_context(tracking_disable=True).write({
            'state': state, 'observed_at': fields.Datetime.now(), 'problem_code': False})
        if had_problem:
            self._tell_problem()
