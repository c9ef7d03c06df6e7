"""What is wrong with a container, in the words of who reads it, and the activity that asks a person to look."""
from odoo import _, api, fields, models

ACTIVITY = 'saas_master.mail_activity_container'


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    problem_code = fields.Selection([
        ('stopped', 'It was stopped by hand, or has stopped by itself. Read its log, then start it.'),
        ('started', 'It was started by hand though an operation had stopped it. Stop it, or resume its tenant.'),
        ('missing', 'It was removed by hand: nothing has its number any more. Go back to a backup of it, or delete its tenant.'),
        ('foreign', 'Something else has its number: it was removed or replaced by hand. Find out what that is. It is never '
                    'touched from here. Once it has another number, go back to a backup of ours; or delete the tenant.'),
        ('elsewhere', 'It was moved to a machine that is no node here. Make that one a node, or move it back.'),
        ('address', 'It was moved to a node whose tenants have other addresses. Move it back, or give that node the same '
                    'pattern of addresses.'),
    ], 'What is Wrong', readonly=True, copy=False, index=True)
    problem = fields.Char(compute='_compute_problem', search='_search_problem', help='What a person has to look at.')

    @api.depends('problem_code')
    @api.depends_context('lang')
    def _compute_problem(self):
        words = dict(self._fields['problem_code']._description_selection(self.env))
        for container in self:
            container.problem = words.get(container.problem_code, False)

    @api.model
    def _search_problem(self, operator, value):
        if operator not in ('=', '!=') or value:
            raise NotImplementedError
        return [('problem_code', operator, False)]

    def _tell_problem(self):
        """A line in the history of the container, and an activity on who has it until nothing is wrong any more."""
        manager = self.env['saas.operation.subject']._attention_user()
        for container in self.with_context(lang=manager.lang):
            where = container.sudo().tenant_ids[:1] or container
            where = where.with_context(lang=manager.lang)
            planned = where.activity_search([ACTIVITY])
            if not container.problem:
                planned.action_feedback(feedback=_('Nothing is wrong with the container any more.'))
                continue
            container.message_post(body=container.problem)
            if planned:
                planned.note = container.problem
            else:
                where.activity_schedule(ACTIVITY, note=container.problem, user_id=manager.id, summary=_(
                    'Container %s needs attention', container.vmid))

    def _words_moved(self, node):
        return _('Moved by hand from %(old)s to %(new)s; its routes follow.', old=self.node_id.name, new=node.name)

    def _told_look(self, problems):
        """The answer of the button that compares with Proxmox VE."""
        wrong = [f'{container.name}: {container.problem}' for container in self if container.problem]
        found = [*problems, *wrong]
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': 'warning' if found else 'success', 'sticky': bool(found), 'title': _('Compared with Proxmox VE'),
            'message': '\n'.join(found) or _('Everything is as it should be.'),
            'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}
