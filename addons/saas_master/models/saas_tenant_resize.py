"""A container follows the plan of its tenant. Between a shared server and a container of one's own there is no change."""
from dataclasses import replace

from odoo import _, models
from odoo.exceptions import UserError

from ..drivers.errors import Permanent
from ..drivers.waiting import NotYet
from .saas_container_problem import ACTIVITY

UNPLACED = ('draft', 'failed', 'deleted')


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _dedicated_steps(self):
        return {**super()._dedicated_steps(), 'change_plan': [
            ('resize', _('Give the container its resources')), ('apply_plan', _('Apply the plan'))]}

    # -- what does not go -----------------------------------------------------------------------

    def _isolation_problem(self, plan):
        """Why it cannot have ``plan`` for its isolation; '' if it can."""
        self.ensure_one()
        is_dedicated = self._is_dedicated()
        if self.state in UNPLACED and not self.sudo().container_id or is_dedicated == (plan.isolation == 'dedicated'):
            return ''
        if is_dedicated:
            return _('%(tenant)s has a container of its own, and tenants of %(plan)s share a server: it cannot move there. '
                     'Choose a plan with a container, or order a new tenant.', tenant=self.name, plan=plan.name)
        return _('%(tenant)s is on a shared server, and tenants of %(plan)s have containers of their own: it cannot move '
                 'there. Choose a plan on shared servers, or order a new tenant.', tenant=self.name, plan=plan.name)

    def _room_problem(self, plan):
        """Why the node of its container cannot give it what ``plan`` has; '' if it can."""
        container = self.sudo().container_id
        if not container or self.state in UNPLACED or not container._grows(plan._resources()) or container._fits(plan):
            return ''
        return _('The server of %(tenant)s has not enough free for %(plan)s at present. Please write to our support.',
                 tenant=self.name, plan=plan.name)

    def _limit_problems(self, plan, users=0, domains=0):
        problems = super()._limit_problems(plan, users, domains)
        problem = self._isolation_problem(plan) or self._room_problem(plan)
        return [problem, *problems] if problem else problems

    def write(self, vals):
        """A plan chosen by hand: a container gets its resources first, by an operation."""
        if 'plan_id' not in vals or self.env.context.get('saas_apply_plan'):
            return super().write(vals)
        plan = self.env['saas.plan'].browse(vals['plan_id'])
        for problem in filter(None, (tenant._isolation_problem(plan) for tenant in self)):
            raise UserError(problem)
        later = self.filtered(lambda tenant: tenant.sudo().container_id and tenant.state not in UNPLACED
                              and tenant.plan_id != plan)
        super(SaasTenant, self - later).write(vals)
        if later:
            later.check_access('write')
            super(SaasTenant, later).write({name: value for name, value in vals.items() if name != 'plan_id'})
        for tenant in later.sudo():
            tenant._open('change_plan', plan_id=plan.id, extra_users=tenant.extra_users, extra_domains=tenant.extra_domains)
        return True

    # -- the steps ------------------------------------------------------------------------------

    def _step_resize(self, step):
        """More is reserved before it is given, less given back after it was taken. A disk never shrinks."""
        plan = self._checked_plan(step)
        container = self.container_id
        wanted = plan._resources()
        if wanted['disk_gib'] < container.disk_gib:
            step._log(_('The disk stays at %(now)s GiB, though the plan has %(plan)s: a disk is never made smaller.',
                        now=container.disk_gib, plan=wanted['disk_gib']))
            wanted['disk_gib'] = container.disk_gib
        if container._grows(wanted):
            container._reserve_more(wanted, step)
        spec = self._spec(task=step.task)
        spec = replace(spec, container=replace(spec.container, **wanted))
        act = self.node_id._on_host(lambda host: host.resize(spec))

        def outside():
            outcome = act()
            return outcome if isinstance(outcome, NotYet) else {'resources': wanted, 'pending': outcome or ''}
        return outside

    def _result_resize(self, outcome):
        self.container_id.write(outcome['resources'])
        if outcome['pending']:
            self.container_id._ask_for_restart(outcome['pending'])

    def _step_apply_plan(self, step):
        self._checked_plan(step)
        return super(SaasTenant, self.with_context(saas_apply_plan=True))._step_apply_plan(step)

    def _checked_plan(self, step):
        plan = self.env['saas.plan'].browse(step.operation_id.params['plan_id'])
        problem = self._isolation_problem(plan)
        if problem:
            raise Permanent(problem)
        return plan


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    def _grows(self, wanted):
        """Whether it would have more of anything than it has."""
        return any(value > self[name] for name, value in wanted.items())

    def _ask_for_restart(self, settings):
        """An activity that the next start ends."""
        manager = self.env['saas.operation.subject']._attention_user()
        container = self.with_context(lang=manager.lang)
        note = _('Not everything of its new plan could be changed while it runs (%s). Restart it when its customer does not '
                 'mind.', settings)
        container.message_post(body=note)
        if not container.activity_search([ACTIVITY]):
            container.activity_schedule(ACTIVITY, summary=_('Restart the container'), note=note, user_id=manager.id)

    def _note_state(self, state):
        if state == 'running' and (asked := self.activity_search([ACTIVITY])):
            asked.action_feedback(feedback=_('It was started anew.'))
        return super()._note_state(state)
