"""What a customer sees of his tenant, in his words: no error text, no server, no step of ours that says nothing to him."""
from odoo import _, api, fields, models

MIB_PER_GIB = 1024
NEAR = 80               # percent of a limit from which on the bar warns
HISTORY = 20
SAID = ('ask_deletion', 'withdraw_deletion')    # acts of persons that are no operation


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    @api.model
    def _customer_domain(self):
        """The tenants of the present person's own company, also for staff; record rules add the right to see them."""
        return [('partner_id', '=', self.env.user.partner_id.commercial_partner_id.id)]

    def _customer_status(self):
        """What is under way. ``key`` changes whenever the page has something else to show than a moved bar."""
        self.ensure_one()
        tenant = self.sudo()
        operation = tenant._active_operation()
        latest = tenant.operation_id
        progress = operation._progress() if operation else {}
        shown = (tenant.state, latest.id, bool(operation), len(tenant.reason_ids), tenant.delete_on)
        return {
            'key': '/'.join(str(part) for part in shown),
            'busy': bool(operation),
            'title': self._customer_words().get(operation.kind, '') if operation else '',
            'percent': min(progress.get('percent', 0), 99),
            'label': progress.get('label', ''),
            'steps': [{'name': step['name'], 'state': step['state']} for step in progress.get('steps', [])],
        }

    @api.model
    def _customer_words(self):
        """What each kind of operation is called before a customer."""
        return {
            'provision': _('Setting up'), 'suspend': _('Closing'), 'resume': _('Opening again'), 'delete': _('Deletion'),
            'cleanup': _('Tidying up'), 'install_modules': _('Installing apps'),
            'change_plan': _('Changing the plan'), 'start': _('Starting'), 'stop': _('Stopping'), 'restart': _('Starting again'),
            'snapshot': _('Keeping its state'), 'backup': _('Backing up'), 'rollback': _('Going back to a kept state'),
            'restore': _('Reading a backup back'), 'remove_kept': _('Removing a kept state'),
        }

    def _customer_acts(self):
        """Which buttons fit the state and the right of the present person."""
        self.ensure_one()
        tenant, may = self.sudo(), self._may_act()
        at_rest = may and not tenant._active_operation()
        pending = tenant.delete_on and tenant.state not in ('deleting', 'deleted')
        return {
            'open': tenant.state == 'running' and bool(tenant.url),
            'suspend': at_rest and tenant.state == 'running',
            'resume': at_rest and tenant.state == 'suspended' and self._own_reason() in tenant.reason_ids.mapped('code'),
            'delete': at_rest and tenant.state in ('running', 'suspended', 'failed') and not tenant.delete_on,
            'keep': may and bool(pending),
        }

    def _trial_days_left(self):
        """Days until the trial is over, 0 on its last one; None without a trial or after it."""
        today = fields.Date.context_today(self)
        left = (self.trial_end - today).days if self.trial_end else -1
        return left if left >= 0 else None

    # -- usage ----------------------------------------------------------------------------------

    def _customer_usage(self):
        """Bars against the plan's limits; an empty list until they were read for the first time."""
        self.ensure_one()
        if not self.usage_at:
            return []
        limit, used = self._user_limit(), self.usage_database_mib + self.usage_files_mib
        disk = self.plan_id.disk_gib * MIB_PER_GIB
        of = _('%(used)s of %(limit)s')
        users = {'used': self.usage_users, 'limit': limit}
        storage = {'used': self._size(used), 'limit': self._size(disk)}
        return [
            {'code': 'users', 'label': _('Users'), 'text': of % users if limit else str(self.usage_users),
             **self._bar(self.usage_users, limit)},
            {'code': 'storage', 'label': _('Storage'), 'text': of % storage if disk else self._size(used),
             'detail': _('Database %(database)s, files %(files)s', database=self._size(self.usage_database_mib),
                         files=self._size(self.usage_files_mib)), **self._bar(used, disk)},
        ]

    @api.model
    def _bar(self, used, limit):
        percent = round(100 * used / limit) if limit else 0
        level = 'over' if limit and used > limit else 'near' if percent >= NEAR else 'fine'
        return {'percent': min(percent, 100), 'level': level, 'limited': bool(limit)}

    @api.model
    def _size(self, mib):
        return f'{mib / MIB_PER_GIB:.3g} GB' if mib >= MIB_PER_GIB else f'{mib} MB'

    # -- history --------------------------------------------------------------------------------

    def _customer_history(self):
        """Newest first: what was done, when, by whom, and how it ended."""
        self.ensure_one()
        operations = self.env['saas.operation'].sudo().search(
            [('tenant_id', '=', self.id), ('kind', '!=', 'cleanup')], limit=HISTORY)
        lines = self.env['saas.audit'].sudo().search([
            ('partner_id', '=', self.partner_id.id), ('res_model', '=', 'saas.tenant'), ('res_id', '=', self.id),
            ('act', 'in', SAID)], limit=HISTORY)
        rows = [self._told_operation(operation) for operation in operations] + [self._told_line(line) for line in lines]
        return sorted(rows, key=lambda row: row['at'], reverse=True)[:HISTORY]

    def _told_operation(self, operation):
        told = {'provision': _('Set up'), 'suspend': _('Closed'), 'resume': _('Opened again'), 'delete': _('Deleted'),
                'install_modules': _('Apps installed'), 'change_plan': _('Plan changed'), 'start': _('Started'),
                'stop': _('Stopped'), 'restart': _('Started again'), 'snapshot': _('State kept'), 'backup': _('Backed up'),
                'rollback': _('Gone back to a kept state'), 'restore': _('Backup read back'),
                'remove_kept': _('Kept state removed')}
        ended = {'done': _('Done'), 'failed': _('Did not work. Our staff knows about it.'), 'cancelled': _('Called off')}
        return {'at': operation.create_date, 'what': told.get(operation.kind, ''), 'state': operation.state,
                'who': self._told_person(operation.requested_by_id), 'how': ended.get(operation.state, _('Under way'))}

    def _told_line(self, line):
        what = _('Deletion asked for') if line.act == 'ask_deletion' else _('Deletion withdrawn')
        return {'at': line.at, 'what': what, 'state': 'done', 'who': self._told_person(line.user_id), 'how': ''}

    def _told_person(self, user):
        """Colleagues by their names; ours are "our staff"; nobody where the clock or a program did it."""
        if user.partner_id.commercial_partner_id == self.partner_id:
            return user.name
        if user == self.env.ref('base.public_user'):
            return self.admin_name      # the order, confirmed on the website
        return _('Our staff') if user and user._is_internal() and user.id != self.env.ref('base.user_root').id else ''
