"""What tenants use, read by a cron from their nodes and compared with their plans."""
import logging
import time
from collections import defaultdict
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..const import STAFF
from ..drivers.errors import DriverError
from ..drivers.usage import read_usage
from ..drivers.usage_inside import read_usage_inside
from ..series import commit_progress
from .saas_tenant_dedicated import DATABASE

_logger = logging.getLogger(__name__)

BATCH = 200                         # tenants asked of one node at once
SECONDS = 600                       # one turn of the cron
FRESH = timedelta(minutes=50)       # what was read since is not read again
AFTER_GO_LIVE = timedelta(minutes=2)        # first look at a new tenant: when whoever waits for it has it
MIB = 2**20
DATA_DIR = '/var/lib/odoo'          # of Odoo in a container of its own

READABLE = [('state', 'in', ('running', 'suspended')), ('database_name', '!=', False),
            '|', ('container_id', '=', False), ('container_id.state', '=', 'running')]     # one that is stopped says nothing
FIELDS = ('usage_users', 'usage_database_mib', 'usage_files_mib', 'usage_at')
# not by the ORM: no tracking, no bus, no write_date; what could not be read keeps its last value
WRITE = """
    UPDATE saas_tenant t
       SET usage_users = COALESCE(v.users, t.usage_users),
           usage_database_mib = COALESCE(v.database_mib, t.usage_database_mib),
           usage_files_mib = COALESCE(v.files_mib, t.usage_files_mib), usage_at = now() AT TIME ZONE 'UTC'
      FROM (VALUES {}) AS v (id, users, database_mib, files_mib) WHERE t.id = v.id"""
ROW = '(%s, %s::int, %s::int, %s::int)'
OVER = """
    SELECT t.id FROM saas_tenant t JOIN saas_plan p ON p.id = t.plan_id
     WHERE t.usage_at IS NOT NULL AND t.state IN ('running', 'suspended')
       AND ((p.user_limit > 0 AND t.usage_users > p.user_limit + COALESCE(t.extra_users, 0))
         OR (p.disk_gib > 0 AND t.usage_database_mib + t.usage_files_mib > p.disk_gib * 1024))"""


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    usage_mib = fields.Integer('Space in Use (MiB)', compute='_compute_usage_mib')
    usage_problem = fields.Char('Over the Plan', compute='_compute_usage_problem', search='_search_usage_problem', groups=STAFF,
                                help='What it uses more of than its plan has.')

    @api.depends('usage_database_mib', 'usage_files_mib')
    def _compute_usage_mib(self):
        for tenant in self:
            tenant.usage_mib = tenant.usage_database_mib + tenant.usage_files_mib

    @api.depends('usage_users', 'usage_mib', 'usage_at', 'state', 'extra_users', 'plan_id.user_limit',
                 'plan_id.disk_gib')
    @api.depends_context('lang')
    def _compute_usage_problem(self):
        for tenant in self:
            plan, users, found = tenant.plan_id, tenant._user_limit(), []
            if users and tenant.usage_users > users:
                found.append(_('%(used)s users, the plan has %(limit)s', used=tenant.usage_users, limit=users))
            if plan.disk_gib and tenant.usage_mib > plan.disk_gib * 1024:
                found.append(_('%(used).1f GiB, the plan has %(limit)s', used=tenant.usage_mib / 1024, limit=plan.disk_gib))
            applies = tenant.usage_at and tenant.state in ('running', 'suspended')
            tenant.usage_problem = applies and '; '.join(found)

    @api.model
    def _search_usage_problem(self, operator, value):
        if operator not in ('=', '!=') or value:
            raise NotImplementedError
        self.flush_model()
        self.env['saas.plan'].flush_model()
        self.env.cr.execute(OVER)
        return [('id', 'in' if operator == '!=' else 'not in', [row[0] for row in self.env.cr.fetchall()])]

    # -- asking ---------------------------------------------------------------------------------

    def action_read_usage(self):
        """Ask the nodes of these tenants now."""
        if not self.env.user.has_group(STAFF):
            raise AccessError(_('Only staff ask the nodes.'))
        self.check_access('read')
        by_node, problems = defaultdict(self.browse), []
        for tenant in self.sudo().filtered_domain(READABLE):
            by_node[tenant.node_id] |= tenant
        for node, tenants in by_node.items():
            try:
                problems += tenants._read_usage(node)
            except DriverError as error:
                problems.append(f'{node.name}: {error}')
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'warning' if problems else 'success', 'sticky': bool(problems), 'title': _('Usage'),
                'message': '\n'.join(problems) or _('Read from the node just now.'),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    @api.model
    def _cron_read_usage(self):
        """Oldest first, node by node; a node that cannot be asked is passed over until the next turn."""
        deadline, passed = time.monotonic() + SECONDS, self.env['saas.node']
        due = [*READABLE, '|', ('usage_at', '=', False), ('usage_at', '<', fields.Datetime.now() - FRESH)]
        while time.monotonic() < deadline:
            tenants = self._next_for_usage(due, passed)
            node = tenants.node_id
            if not tenants:
                break
            try:
                for problem in tenants._read_usage(node):
                    _logger.info('Usage: %s', problem)
            except DriverError as error:
                _logger.info('Usage of the tenants on %s could not be read: %s', node.name, error)
                self.env['saas.operation']._transaction(lambda n=node, e=error: n._record_answer(e))
                passed |= node
                continue
            if commit_progress(self.env, len(tenants), self.search_count(due)) <= 0:
                break

    def _next_for_usage(self, due, passed):
        """Up to a batch of the tenants on the node that has waited longest; none of nodes with an open breaker."""
        asked = [*due, ('node_id', 'not in', passed.ids),
                 '|', ('node_id.breaker_until', '=', False), ('node_id.breaker_until', '<=', fields.Datetime.now())]
        first = self.search(asked, order='usage_at NULLS FIRST, id', limit=1)
        return first and self.search([*due, ('node_id', '=', first.node_id.id)], order='usage_at NULLS FIRST, id', limit=BATCH)

    def _read_usage(self, node):
        """Ask ``node`` about its tenants and write the answer; problems of single tenants are returned in words."""
        transaction = self.env['saas.operation']._transaction
        found = transaction(lambda: self._usage_inside(node) if node.kind == 'proxmox' else self._usage_shared(node))()
        transaction(lambda: (self._write_usage(found), node._record_answer()))
        return [usage.problem for usage in found.values() if usage.problem]

    def _usage_shared(self, node):
        """The outside part: ``{id: Usage}`` of tenants on a shared server, asked together."""
        spec, access, names = node._spec(), node._access(), {tenant.database_name: tenant.id for tenant in self}
        return lambda: {names[name]: usage for name, usage in read_usage(spec, access, list(names)).items()}

    def _usage_inside(self, node):
        """The same of tenants with containers on ``node``, asked one by one."""
        access = node._access()
        places = {tenant.id: tenant._place_inside(access) for tenant in self}
        return lambda: read_usage_inside(places, DATABASE, f'{DATA_DIR}/filestore/{DATABASE}')

    def _place_inside(self, access):
        """What opens a transport inside its container; ``access``: that of its node."""
        return access.inside(self.container_id.vmid).open

    def _write_usage(self, usages):
        rows = [(tenant_id, usage.users, _mib(usage.database_bytes), _mib(usage.files_bytes))
                for tenant_id, usage in sorted(usages.items())]
        self.flush_recordset(FIELDS)
        if rows:
            self.env.cr.execute(WRITE.format(', '.join([ROW] * len(rows))), [value for row in rows for value in row],
                                log_exceptions=False)      # conflicts are repeated
        self.invalidate_recordset(FIELDS)
        self.modified(FIELDS)

    def _operation_done(self, operation):
        if operation.kind == 'provision':
            self.env.ref('saas_master.cron_usage')._trigger(at=fields.Datetime.now() + AFTER_GO_LIVE)
        return super()._operation_done(operation)


def _mib(size):
    """Rounded up: what there is is never 0."""
    return size if size is None else -(-size // MIB)
