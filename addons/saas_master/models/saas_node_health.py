from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from urllib.parse import urlsplit

from odoo import _, api, fields, models
from odoo.tools import plaintext2html

from ..drivers import health
from ..drivers.errors import DriverError
from ..series import AGGREGATOR

ACTIVITY = 'saas_master.mail_activity_node_bad'
AT_ONCE = 8             # nodes asked at the same time
LIVE_SAMPLE = 3         # tenants of a node of which one must be reachable: one alone may be broken by its owner
MIB, GIB = 2**20, 2**30
NO_SUM = {AGGREGATOR: None}


class SaasNode(models.Model):
    """What the health check found: drivers/health.py looks, saas_node_problems.py has the words."""

    _inherit = 'saas.node'

    health = fields.Selection([('unknown', 'Unknown'), ('ok', 'Healthy'), ('bad', 'Needs attention')],
                              default='unknown', required=True, readonly=True, copy=False, index=True)
    health_checked_at = fields.Datetime('Checked at', readonly=True, copy=False)

    cpu_count = fields.Integer('CPUs', readonly=True, copy=False, **NO_SUM)
    load_average = fields.Float(readonly=True, copy=False, **NO_SUM,
                                help='Processes that ran or wanted to, over five minutes.')
    memory_total_mib = fields.Integer('Memory (MiB)', readonly=True, copy=False)
    memory_available_mib = fields.Integer('Memory Available (MiB)', readonly=True, copy=False)
    disk_total_gib = fields.Float('Disk (GiB)', readonly=True, copy=False, digits=(16, 1))
    disk_free_gib = fields.Float('Disk Free (GiB)', readonly=True, copy=False, digits=(16, 1))
    database_count = fields.Integer('Databases', readonly=True, copy=False)
    connection_count = fields.Integer('Connections', readonly=True, copy=False)
    connection_limit = fields.Integer('Connections Allowed', readonly=True, copy=False)

    cpu_percent = fields.Integer('Load (%)', compute='_compute_percent', store=True, **NO_SUM,
                                 help='Load average per CPU; over 100, processes wait.')
    memory_percent = fields.Integer('Memory in Use (%)', compute='_compute_percent', store=True, **NO_SUM)
    disk_percent = fields.Integer('Disk in Use (%)', compute='_compute_percent', store=True, **NO_SUM)
    connection_percent = fields.Integer('Connections in Use (%)', compute='_compute_percent', store=True, **NO_SUM)
    capacity_percent = fields.Integer('Capacity in Use (%)', compute='_compute_capacity_percent', **NO_SUM)

    capacity_words = fields.Char('Room', compute='_compute_load_words')
    cpu_words = fields.Char('Load', compute='_compute_load_words')
    memory_words = fields.Char('Memory', compute='_compute_load_words')
    disk_words = fields.Char('Disk', compute='_compute_load_words')
    connection_words = fields.Char('Database Use', compute='_compute_load_words')

    @api.depends('cpu_count', 'load_average', 'memory_total_mib', 'memory_available_mib', 'disk_total_gib', 'disk_free_gib',
                 'connection_count', 'connection_limit')
    def _compute_percent(self):
        for node in self:
            node.cpu_percent = _percent(node.load_average, node.cpu_count)
            node.memory_percent = _percent(node.memory_total_mib - node.memory_available_mib, node.memory_total_mib)
            node.disk_percent = _percent(node.disk_total_gib - node.disk_free_gib, node.disk_total_gib)
            node.connection_percent = _percent(node.connection_count, node.connection_limit)

    @api.depends('capacity', 'tenant_count')
    def _compute_capacity_percent(self):
        for node in self:
            node.capacity_percent = _percent(node.tenant_count, node.capacity)

    @api.depends('capacity_percent', 'cpu_percent', 'memory_percent', 'disk_percent', 'connection_percent', 'database_count')
    @api.depends_context('lang')
    def _compute_load_words(self):
        for node in self:
            node.capacity_words = _('%(count)s of %(capacity)s', count=node.tenant_count, capacity=node.capacity or '∞')
            node.cpu_words = _('load %(load).2f on %(count)s CPUs', load=node.load_average, count=node.cpu_count)
            node.memory_words = _('%(free).1f of %(total).1f GiB available', free=node.memory_available_mib / 1024,
                                  total=node.memory_total_mib / 1024)
            node.disk_words = _('%(free).1f of %(total).1f GiB free', free=node.disk_free_gib, total=node.disk_total_gib)
            node.connection_words = _('%(used)s of %(most)s connections, %(databases)s databases', used=node.connection_count,
                                      most=node.connection_limit, databases=node.database_count)

    # -- asking ---------------------------------------------------------------------------------

    def action_test(self):
        """Ask the node now and name what is wrong."""
        self.check_access('write')
        self.env['saas.audit']._note('test', self)
        self._check_health()
        bad = self.filtered(lambda node: node.health != 'ok')
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'danger' if bad else 'success', 'sticky': bool(bad),
                'title': _('Node needs attention') if bad else _('Node is healthy'),
                'message': '\n'.join(bad.mapped('health_note')) if bad else ', '.join(self.mapped('name')),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    @api.model
    def _cron_check_health(self):
        self.search([('active', '=', True)])._check_health()

    def _check_health(self):
        """Ask all of them at once, with no transaction open; one that is slow or down keeps no other waiting."""
        transaction = self.env['saas.operation']._transaction
        works = transaction(lambda: [(node, node._health_work()) for node in self])
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [(node, pool.submit(work)) for node, work in works]
            for node, answer in asked:
                report = answer.result()
                transaction(lambda node=node, report=report: node.exists()._note_health(report))

    def _health_work(self):
        """What is asked outside, as a function without arguments that returns a ``health.Report``."""
        self.ensure_one()
        try:
            spec, access = self._spec(), self._access()
        except DriverError as error:        # its secrets cannot be opened here
            report = health.Report([health.Look('machine', 'failed', {'words': str(error)})])
            return lambda: report
        tenants = self.env['saas.tenant'].sudo()
        mine = [('node_id', '=', self.id), ('is_routed', '=', True)]
        databases = tenants.search_fetch(mine, ['database_name']).mapped('database_name')
        running = tenants.search([*mine, ('state', '=', 'running')], order='live_at desc', limit=LIVE_SAMPLE)
        live = [health.Live(urlsplit(tenant.url).netloc, tenant.database_name) for tenant in running]
        return lambda: health.examine(spec, access, databases, live)

    # -- what came back -------------------------------------------------------------------------

    def _note_health(self, report):
        """Write it down; people are told of changes only."""
        for node in self.sudo():
            before, seen = node.health, _codes(node.health_looks)
            looks = [asdict(look) for look in report.looks]
            node.write({**_figures(report.load), 'health': 'bad' if report.problems else 'ok', 'health_looks': looks,
                        'health_checked_at': fields.Datetime.now()})
            if not report.problems:
                node._record_answer()       # somebody brought it back: what waits for it begins at once
            if _codes(looks) != seen or (before, node.health) == ('unknown', 'ok'):
                node._tell_health()

    def _tell_health(self):
        """A line in the history; an activity from the first problem until the last one is gone."""
        manager = self.env['saas.operation.subject']._attention_user()
        node = self.with_context(lang=manager.lang)
        if node.health == 'ok':
            node.message_post(body=node._well_again())
            node.activity_feedback([ACTIVITY], feedback=node._well_again())
            return
        node.message_post(body=plaintext2html(node.health_note))
        if not node.activity_search([ACTIVITY]):
            node.activity_schedule(ACTIVITY, note=plaintext2html(node.health_note), user_id=manager.id)

    def _well_again(self):
        return _('Healthy: every check is well.')


def _percent(part, whole):
    return round(100 * part / whole) if whole else 0


def _codes(looks):
    return {(look['part'], look['problem']) for look in looks or () if look['problem'] not in ('', 'not_asked')}


def _figures(load):
    """Values of our fields; what could not be asked keeps its last value."""
    known = {name: value for name, value in asdict(load).items() if value is not None}
    names = {'cpu_count': ('cpu_count', 1), 'load_average': ('load_average', 1),
             'memory_total': ('memory_total_mib', MIB), 'memory_available': ('memory_available_mib', MIB),
             'disk_total': ('disk_total_gib', GIB), 'disk_free': ('disk_free_gib', GIB),
             'databases': ('database_count', 1), 'connections': ('connection_count', 1),
             'connections_max': ('connection_limit', 1)}
    return {names[name][0]: value / names[name][1] if names[name][1] > 1 else value for name, value in known.items()}
