import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..drivers.errors import DriverError
from ..series import Constraint
from .saas_standby import LONGEST_PAUSE

_logger = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=10)
AT_ONCE = 1                     # builds at the same time on one node: visitors go first
BUSY = [('kind', 'in', ('provision', 'resume', 'start')), ('state', 'in', ('waiting', 'running'))]
ACTIVITY = 'saas_master.mail_activity_standby'
COUNTED = ('building', 'ready')
# Could not be built, or not be removed, and are there still.
FAILED = [('state', 'in', ('failed', 'discarding')), '|', ('discarded_because', '=', 'failed'), ('attention', '>', 0)]
KEPT = (*COUNTED, 'failed', 'discarding')


class SaasStandbyPool(models.Model):
    """How many tenants of a plan are kept ready on a node before anybody orders them."""

    _name = 'saas.standby.pool'
    _description = 'Standby Pool'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited']
    _order = 'plan_id, node_id'

    plan_id = fields.Many2one('saas.plan', required=True, ondelete='restrict', index=True)
    node_id = fields.Many2one('saas.node', required=True, ondelete='restrict', index=True)
    active = fields.Boolean(default=True)
    wanted = fields.Integer('Kept Ready', required=True, default=1)
    standby_ids = fields.One2many('saas.standby', 'pool_id')
    ready_count = fields.Integer('Ready', compute='_compute_counts')
    building_count = fields.Integer('Being Built', compute='_compute_counts')
    discarding_count = fields.Integer('Being Removed', compute='_compute_counts')
    failed_count = fields.Integer('Failed', compute='_compute_counts',
                                  help='Could not be built or removed, and are not gone yet.')
    oldest_at = fields.Datetime('Oldest since', compute='_compute_counts')
    failures = fields.Integer('Failed in a Row', readonly=True, copy=False)
    not_before = fields.Datetime('Paused until', readonly=True, copy=False, help='After builds that failed.')
    last_error = fields.Text(readonly=True, copy=False)

    _plan_node_uniq = Constraint('UNIQUE (plan_id, node_id)', 'This plan has a pool on that node already.')
    _wanted_positive = Constraint('CHECK (wanted >= 0 AND wanted <= 1000)', 'Between 0 and 1000 can be kept ready.')

    @api.depends('plan_id', 'node_id')
    def _compute_display_name(self):
        for pool in self:
            pool.display_name = _('%(plan)s on %(node)s', plan=pool.plan_id.name, node=pool.node_id.name)

    @api.depends('standby_ids.state', 'standby_ids.discarded_because', 'standby_ids.attention')
    def _compute_counts(self):
        counts = {}
        for pool, state, count, oldest in self.env['saas.standby']._read_group(
                [('pool_id', 'in', self.ids), ('state', 'in', KEPT)], ['pool_id', 'state'], ['__count', 'ready_at:min']):
            counts[pool.id, state] = count, oldest
        failed = dict(self.env['saas.standby']._read_group(
            [('pool_id', 'in', self.ids), *FAILED], ['pool_id'], ['__count']))
        for pool in self:
            pool.failed_count = failed.get(pool, 0)
            pool.discarding_count = counts.get((pool.id, 'discarding'), (0, False))[0]
            pool.ready_count, pool.oldest_at = counts.get((pool.id, 'ready'), (0, False))
            pool.building_count = counts.get((pool.id, 'building'), (0, False))[0]

    @api.constrains('plan_id', 'node_id')
    def _check_kinds(self):
        for pool in self:
            if (pool.plan_id.isolation == 'dedicated') != (pool.node_id.kind == 'proxmox'):
                raise ValidationError(_('Tenants of %(plan)s do not live on nodes like %(node)s.', plan=pool.plan_id.name,
                                        node=pool.node_id.name))

    @api.model_create_multi
    def create(self, vals_list):
        pools = super().create(vals_list)
        self._wake_cron()
        return pools

    def write(self, vals):
        result = super().write(vals)
        if {'wanted', 'active'} & vals.keys():
            self._wake_cron()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_empty(self):
        if self.env['saas.standby'].search_count([('pool_id', 'in', self.ids), ('state', 'not in', ('taken', 'gone'))], limit=1):
            raise UserError(_('Set the number kept ready to 0 first and wait until they are removed.'))

    # -- buttons ------------------------------------------------------------------------------

    def action_retry(self):
        """Build again at once, whatever failed before."""
        self.check_access('write')
        self.write({'not_before': False, 'failures': 0})
        for standby in self.sudo().standby_ids.filtered(lambda one: one.state == 'discarding'):
            if not standby._active_operation():
                standby._discard(standby.discarded_because)
        self._wake_cron()
        return True

    def action_view_standbys(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': self.display_name, 'res_model': 'saas.standby',
                'view_mode': 'list', 'domain': [('pool_id', '=', self.id)], 'context': {'search_default_kept': 1}}

    # -- keeping the number -------------------------------------------------------------------

    @api.model
    def _wake_cron(self):
        cron = self.env.ref('saas_master.cron_standby', raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _cron_standby(self):
        """Look at those that are ready, take away what is stale, and begin what is missing, while nothing else is under way."""
        transaction = self.env['saas.operation']._transaction
        self._look_at_ready()
        pools = transaction(lambda: self.with_context(active_test=False).search([]))
        for pool in pools:
            transaction(pool._discard_stale)
        for pool in pools:
            transaction(pool._build_missing)

    def _look_at_ready(self):
        transaction = self.env['saas.operation']._transaction
        due = [('state', '=', 'ready'), '|', ('seen_at', '=', False), ('seen_at', '<', fields.Datetime.now() - LOOK_EVERY)]
        for standby in transaction(lambda: self.env['saas.standby'].search(due, limit=50)):
            try:
                is_there = standby._look()
            except DriverError as error:        # silence is no answer
                _logger.info('Standby %s could not be looked at: %s', standby.id, error)
                continue
            transaction(lambda s=standby, there=is_there: s.state == 'ready' and (
                s.write({'seen_at': fields.Datetime.now()}) if there else s._discard('gone')))

    def _discard_stale(self):
        self.ensure_one()
        ready = self.standby_ids.filtered(lambda one: one.state == 'ready').sorted('ready_at')
        limit = fields.Datetime.now() - timedelta(days=self.env['saas.standby']._days())
        self.standby_ids.filtered(lambda one: one.state == 'discarding')._discard_again()
        for standby in ready:
            because = standby._stale_because(limit)
            if because:
                ready -= standby
                standby._discard(because)
        wanted = self.wanted if self.active and self.plan_id.active and self.node_id.active else 0
        building = len(self.standby_ids.filtered(lambda one: one.state == 'building'))
        extra = max(len(ready) + building - wanted, 0)
        ready[:extra]._discard('many')

    def _build_missing(self):
        """One at a time on a node. Only while no visitor waits: what is ready spares time, it must not cost any."""
        self.ensure_one()
        node, now = self.node_id, fields.Datetime.now()
        if not (self.active and self.plan_id.active and node.active) or self.not_before and self.not_before > now:
            return
        if node.in_maintenance or node.is_draining or node.breaker_until and node.breaker_until > now:
            return
        Standby = self.env['saas.standby']
        counted = Standby.search_count([('pool_id', '=', self.id), ('state', 'in', COUNTED)])
        building = Standby.search_count([('node_id', '=', node.id), ('state', '=', 'building')])
        if counted >= self.wanted or building >= AT_ONCE or self.env['saas.operation'].search_count(BUSY, limit=1):
            return
        if not self._has_template() or self._waits_for_room():
            return
        Standby.create({'pool_id': self.id, 'node_id': node.id})._open('build_standby', priority=50)

    def _waits_for_room(self):
        """There is none for one more yet, and some is being made: then it is no failure."""
        going = self.env['saas.standby'].search_count([('node_id', '=', self.node_id.id), ('state', '=', 'discarding')], limit=1)
        return going and not self.node_id._fits_more(self.plan_id._need())

    def _has_template(self):
        templates = self.env['saas.template'].search([('name', '=', self.plan_id.template_name)])
        return any(template.state in ('ready', 'outdated') and template._is_usable() and self.node_id in template._reach()
                   for template in templates)

    # -- told by standbys -----------------------------------------------------------------------

    def _built(self):
        """The next one, if there is still one missing."""
        if self.failures:
            self.activity_feedback([ACTIVITY], feedback=_('One was built again.'))
        self.write({'failures': 0, 'not_before': False, 'last_error': False})
        self._wake_cron()

    def _failed_to_build(self, operation):
        """Sign-ups go on without; the pauses grow, and a person is asked once."""
        failures = self.failures + 1
        pause = timedelta(minutes=min(2 ** failures, LONGEST_PAUSE))
        self.write({'failures': failures, 'not_before': fields.Datetime.now() + pause, 'last_error': operation.error})
        self._plan_attention(_('A standby could not be built'), operation.error or '')

    def _plan_attention(self, summary, note):
        manager = self.env['saas.operation.subject']._attention_user()
        if not self.activity_search([ACTIVITY]):
            self.activity_schedule(ACTIVITY, summary=summary, note=note, user_id=manager.id)

    def _close_warnings(self, feedback):
        """Kept until one is built."""


class SaasStandby(models.Model):
    _inherit = 'saas.standby'

    def _stale_because(self, limit):
        """Why it is not to be handed out any more; False if it is fresh."""
        template, container = self.template_id, self.container_id
        if template.version != self.template_version:
            return 'template'
        if container and (container.state != 'running' or container.problem_code):
            return 'gone'
        return 'age' if self.ready_at < limit else False
