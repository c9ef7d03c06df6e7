"""What a tenant's plan allows, with what was bought besides; whether another plan would be enough; and how it gets it."""
from odoo import _, api, fields, models

APPLIED = ('plan_id', 'extra_users', 'extra_domains')


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    extra_users = fields.Integer(readonly=True, copy=False, default=0, help='Users bought beyond those of the plan.')
    extra_domains = fields.Integer(readonly=True, copy=False, default=0,
                                   help='Custom domains bought beyond those of the plan.')

    # -- limits ---------------------------------------------------------------------------------

    def _user_limit(self, plan=None, extra=None):
        """How many users it may have, or would with ``plan`` and ``extra`` ones; 0: no limit."""
        return self._limit_of('user_limit', self.extra_users if extra is None else extra, plan)

    def _domain_limit(self, plan=None, extra=None):
        """The same of custom domains."""
        return self._limit_of('domain_limit', self.extra_domains if extra is None else extra, plan)

    def _limit_of(self, name, extra, plan):
        self.ensure_one()
        limit = (plan or self.plan_id)[name]
        return limit and limit + extra

    def _in_use(self):
        """What is in use of that which plans limit: ``users``, how many; other addons add theirs."""
        self.ensure_one()
        return {'users': self.usage_users}

    def _limit_problems(self, plan, users=0, domains=0):
        """Why ``plan``, with so many users and domains besides, is not enough for what is in use: texts, none if it is."""
        limit, used = self._user_limit(plan, users), self._in_use()['users']
        if not limit or used <= limit:
            return []
        return [_('%(used)s users are active, and %(plan)s has %(limit)s. Deactivate %(more)s of them first.',
                  used=used, plan=plan.name, limit=limit, more=used - limit)]

    # -- another plan ---------------------------------------------------------------------------

    @api.model
    def _operation_steps(self, kind):
        if kind == 'change_plan':
            return [('apply_plan', _('Apply the plan'))]
        return super()._operation_steps(kind)

    def _change_plan(self, plan, users=0, domains=0):
        """Give it ``plan``, with users and domains bought besides.

        By an operation, once none is under way (``_settle`` asks again); at once where there is nothing on a server yet.
        One that failed is not begun again by itself: somebody retries it.
        """
        for tenant in self.sudo():
            wanted = dict(zip(APPLIED, (plan.id, users, domains), strict=True))
            if not tenant._lacks_plan(plan, users, domains):
                continue
            if tenant.state in ('draft', 'failed'):
                tenant.write(wanted)
            elif not tenant._active_operation() and not tenant._failed_to(wanted):
                tenant._open('change_plan', **wanted)

    def _lacks_plan(self, plan, users=0, domains=0):
        self.ensure_one()
        has = (self.plan_id, self.extra_users, self.extra_domains)
        return self.state not in ('deleting', 'deleted') and has != (plan, users, domains)

    def _failed_to(self, wanted):
        if not self.attention:
            return False
        failed = self.env['saas.operation'].search(
            [('tenant_id', '=', self.id), ('attention', '=', True), ('kind', '=', 'change_plan')])
        return any(operation.params == wanted for operation in failed)

    def _step_apply_plan(self, step):
        params = step.operation_id.params
        self.write({name: params[name] for name in APPLIED})

    def _wanted_plan(self):
        """(plan, users, domains) that it should have; None where nothing but staff says so."""
        return None

    def _settle(self, failed=''):
        result = super()._settle(failed)
        for tenant in self:
            wanted = tenant._wanted_plan()
            if wanted:
                tenant._change_plan(*wanted)
        return result
