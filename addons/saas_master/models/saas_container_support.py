"""Looks into a container, and the restart of its Odoo, for support: fixed acts, each in the audit, no free command."""
from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..const import MANAGER, STAFF
from ..drivers.pve import service

LOG_LINES = 200


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    def action_inside_containers(self):
        """What the node itself lists: not only ours."""
        return self._look_inside('containers')

    def action_inside_status(self):
        return self._look_inside('status')

    def action_inside_log(self):
        return self._look_inside('log')

    def action_restart_odoo(self):
        """Of the service in the container, not of the container: its visitors wait a few seconds."""
        self._check_group(MANAGER)
        return self._look_inside('restart', act='restart_odoo')

    def _look_inside(self, what, act='look_inside'):
        """Ask with no transaction open and show the answer with its time; who asked is noted before."""
        self.ensure_one()
        self._check_group(STAFF)
        self.check_access('read')
        container = self.sudo()
        if container.state in ('planned', 'gone'):
            raise UserError(_('There is no container %s yet, or none any more.', container.vmid))
        self.env['saas.audit']._note(act, container.tenant_ids[:1] or container, what)
        with container.node_id._user_errors():
            text = self.env['saas.operation']._transaction(lambda: container._inside_work(what))()
        return self.env['saas.container.inside']._show(self, what, text)

    @api.model
    def _check_group(self, group):
        if not self.env.user.has_group(group):
            raise AccessError(_('Only managers restart Odoo in a container.') if group == MANAGER
                              else _('Only staff look into containers.'))

    def _inside_work(self, what):
        """The outside part: a function that returns text."""
        access, vmid = self.node_id._access(), self.vmid
        if what == 'containers':
            def ask():
                with access.open() as node:
                    return service.containers(node)
        else:
            tasks = {'status': service.status, 'restart': service.restart_odoo,
                     'log': lambda inside: service.log_tail(inside, LOG_LINES)}
            inside, task = access.inside(vmid), tasks[what]

            def ask():
                with inside.open() as transport:
                    return task(transport)
        return ask


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    container_state = fields.Selection(related='container_id.state', string='Container State', groups=STAFF)
    container_problem = fields.Char(related='container_id.problem', string='Container Problem', groups=STAFF)
    container_cpu_percent = fields.Float(related='container_id.cpu_percent', string='Container CPU (%)', groups=STAFF)
    container_memory_mib = fields.Integer(related='container_id.memory_used_mib', string='Container Memory (MiB)', groups=STAFF)
    container_disk_mib = fields.Integer(related='container_id.disk_used_mib', string='Container Disk (MiB)', groups=STAFF)
    container_observed_at = fields.Datetime(related='container_id.observed_at', string='Container Seen at', groups=STAFF)

    def _container_for_staff(self, group=STAFF):
        self.ensure_one()
        self.env['saas.container']._check_group(group)
        self.check_access('read')
        container = self.sudo().container_id
        if not container:
            raise UserError(_('%s has no container of its own.', self.name))
        return container.sudo(self.env.su)

    def action_view_container(self):
        return {'type': 'ir.actions.act_window', 'res_model': 'saas.container', 'res_id': self._container_for_staff().id,
                'view_mode': 'form', 'views': [(False, 'form')]}

    def action_look_again(self):
        return self._container_for_staff().action_look_again()

    def action_inside_containers(self):
        return self._container_for_staff().action_inside_containers()

    def action_inside_status(self):
        return self._container_for_staff().action_inside_status()

    def action_inside_log(self):
        return self._container_for_staff().action_inside_log()

    def action_restart_odoo(self):
        return self._container_for_staff(MANAGER).action_restart_odoo()
