import secrets
import uuid
from collections import Counter
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..drivers.errors import NotFound
from ..drivers.host import PUBLISHED
from ..drivers.probe import warm_tenant
from ..drivers.spec import TenantSpec
from ..drivers.waiting import NotYet
from .saas_node_routes import HTTP_PORT
from .saas_tenant_dedicated import DATABASE

PROBE_SECONDS = 60
LONGEST_PAUSE = 60      # minutes after what failed
NOBODY = 'http://standby.invalid'       # RFC 2606: no visitor comes by that name
LAST_TENANTS = 50
DAYS = 14               # parameter saas_master.standby_days: older ones are made anew
# The oldest that is fresh, of those that nobody else is just taking.
TAKE = """
    UPDATE saas_standby SET state = 'taken', tenant_id = %(tenant)s WHERE id = (
        SELECT s.id FROM saas_standby s JOIN saas_template t ON t.id = s.template_id JOIN saas_node n ON n.id = s.node_id
          LEFT JOIN saas_container c ON c.id = s.container_id
         WHERE s.state = 'ready' AND s.plan_id = %(plan)s AND s.template_version = t.version
           AND s.ready_at > now() AT TIME ZONE 'UTC' - %(days)s * interval '1 day'
           AND n.active AND n.in_maintenance IS NOT TRUE AND n.is_draining IS NOT TRUE
           AND (n.breaker_until IS NULL OR n.breaker_until <= now() AT TIME ZONE 'UTC')
           AND (c.id IS NULL OR c.state = 'running' AND c.problem_code IS NULL)
           AND (%(region)s = '' OR n.region = %(region)s)
         ORDER BY s.ready_at, s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
    RETURNING id"""


class SaasStandby(models.Model):
    """A tenant that nobody has ordered yet: cloned, personalised with secrets of its own, started, and kept ready."""

    _name = 'saas.standby'
    _description = 'Standby Tenant'
    _inherit = ['saas.operation.subject']
    _order = 'id desc'
    _rec_name = 'database_name'

    pool_id = fields.Many2one('saas.standby.pool', required=True, readonly=True, ondelete='cascade', index=True)
    plan_id = fields.Many2one(related='pool_id.plan_id', store=True, index=True)
    node_id = fields.Many2one('saas.node', required=True, readonly=True, ondelete='restrict', index=True)
    template_id = fields.Many2one('saas.template', readonly=True, ondelete='restrict')
    template_version = fields.Integer(readonly=True)
    mark = fields.Char(required=True, readonly=True, default=lambda self: uuid.uuid4().hex)
    database_name = fields.Char('Database', readonly=True)
    lang = fields.Char('Language', readonly=True)       # of its pages; who chose another one waits a moment more
    container_id = fields.Many2one('saas.container', readonly=True, ondelete='restrict', index=True)
    state = fields.Selection([
        ('building', 'Being built'), ('ready', 'Ready'), ('taken', 'Handed out'), ('failed', 'Failed'),
        ('discarding', 'Being removed'), ('gone', 'Removed'),
    ], required=True, default='building', readonly=True, index=True)
    ready_at = fields.Datetime('Ready since', readonly=True)
    seen_at = fields.Datetime(readonly=True, help='When it was last looked at on its node.')
    discarded_because = fields.Selection([
        ('template', 'Its template was built anew.'), ('age', 'It is too old.'), ('many', 'Fewer are to be kept ready.'),
        ('gone', 'It was not on its node any more, or did not run.'), ('failed', 'It could not be built.'),
    ], readonly=True)
    tenant_id = fields.Many2one('saas.tenant', readonly=True, ondelete='set null', help='Who got it.')
    operation_ids = fields.One2many('saas.operation', 'standby_id', readonly=True)

    @api.depends('database_name', 'container_id')
    def _compute_display_name(self):
        for standby in self:
            standby.display_name = standby.container_id.display_name or standby.database_name or _('Standby %s', standby.id)

    # -- handing out --------------------------------------------------------------------------

    @api.model
    def _hand_out(self, tenant):
        """Give a ready one of its plan to ``tenant``, in the transaction that places it; False if there is none."""
        self.env.flush_all()
        self.env.cr.execute(TAKE, {
            'tenant': tenant.id, 'plan': tenant.plan_id.id, 'days': self._days(), 'region': tenant.plan_id.region or ''},
            log_exceptions=False)
        row = self.env.cr.fetchone()
        if not row:
            return False
        standby = self.browse(row[0])
        standby.invalidate_recordset()
        tenant.write({
            'mark': standby.mark, 'database_name': standby.database_name, 'container_id': standby.container_id.id,
            'template_id': standby.template_id.id, 'template_version': standby.template_version,
            'node_id': standby.node_id.id, 'standby_id': standby.id})
        standby.container_id.write({'name': tenant.name})
        standby.container_id = False
        self.env['saas.standby.pool']._wake_cron()
        return standby

    @api.model
    def _days(self):
        value = self.env['ir.config_parameter'].sudo().get_param('saas_master.standby_days', '')
        return int(value) if value.isdecimal() and int(value) else DAYS

    # -- operations ---------------------------------------------------------------------------

    def _operation_field(self):
        return 'standby_id'

    def _is_dedicated(self):
        return self.plan_id.isolation == 'dedicated'

    @api.model
    def _operation_steps(self, kind):
        own = len(self) == 1 and self._is_dedicated()
        container = [('configure', _('Give it its address and resources')), ('start', _('Start the container'))] if own else []
        release = [('release', _('Give its address and resources back'))] if own else []
        steps = {
            'build_standby': [
                ('place', _('Reserve its place')), ('clone', _('Clone the template')), *container,
                ('personalise', _('Give it secrets of its own')), ('publish_database', _('Put it on the server')),
                ('warm', _('Start it')), ('ready', _('Keep it ready'))],
            'discard_standby': [('remove', _('Remove it')), *release, ('gone', _('Note that it is gone'))],
        }
        return steps.get(kind) or super()._operation_steps(kind)

    def _spec(self, task='', **more):
        if self.container_id:
            more['container'] = self.container_id._task_spec(task)
        return TenantSpec(name=self.database_name, mark=self.mark, company='Standby', admin_name='Standby',
                          login=f'{self.mark[:12]}@standby.invalid', lang=self.lang or '', base_url=NOBODY, **more)

    def _on_host(self, step, work):
        spec = self._spec(task=step.task)
        return self.node_id._on_host(lambda host: work(host, spec))

    def _step_place(self, step):
        if self.template_id:
            return None
        chosen = self.env['saas.node']._choose_node(self.plan_id, step, nodes=self.node_id)
        if isinstance(chosen, NotYet):
            return chosen
        template, node = chosen
        values = {'template_id': template.id, 'template_version': template.version, 'lang': self._usual_lang(),
                  'database_name': f'sb-{self.mark[:12]}'}
        if self._is_dedicated():
            container = self.env['saas.container']._reserve(
                node, self.plan_id, template, hostname=f'standby-{self.mark[:8]}', mark=self.mark)
            values.update(container_id=container.id, database_name=DATABASE)
        self.write(values)
        return None

    def _usual_lang(self):
        """That of most of the plan's last customers."""
        last = self.env['saas.tenant'].search([('plan_id', '=', self.plan_id.id)], order='id desc', limit=LAST_TENANTS)
        counted = Counter(last.mapped('lang')).most_common(1)
        return counted[0][0] if counted else self.env['saas.tenant'].default_get(['lang'])['lang']

    def _template_spec(self):
        """What its host clones from."""
        return self.template_id._golden(self.node_id) if self._is_dedicated() else self.template_id.database_name

    def _step_clone(self, step):
        source, container = self._template_spec(), self.container_id
        act = self._on_host(step, lambda host, spec: host.clone(source, spec))
        return container._or_next_number(act) if container else act

    def _step_configure(self, step):
        return self._on_host(step, lambda host, spec: host.configure(spec))

    def _step_start(self, step):
        return self._on_host(step, lambda host, spec: host.start(spec))

    def _step_personalise(self, step):
        """Uuid and secret of its own, which it keeps; no password, no key."""
        spec = self._spec(database_uuid=str(uuid.uuid4()), database_secret=secrets.token_hex(32))

        def work(host):
            host.personalise(spec)
        return self.node_id._on_host(work)

    def _step_publish_database(self, step):
        return self._on_host(step, lambda host, spec: host.publish_database(spec))

    def _step_warm(self, step):
        address, database = self.container_id.ip_address_id.address, self.database_name
        url = f'http://{address}:{HTTP_PORT}' if address else self.node_id.odoo_url

        def act():
            warm_tenant(url, NOBODY.partition('://')[2], database, PROBE_SECONDS)
        return act

    def _step_ready(self, step):
        now = fields.Datetime.now()
        self.write({'state': 'ready', 'ready_at': now, 'seen_at': now})
        self.container_id._note_state('running')

    def _step_remove(self, step):
        return self._on_host(step, lambda host, spec: host.remove(spec)) if self.database_name else None

    def _step_release(self, step):
        self.container_id._release()
        self.container_id = False

    def _step_gone(self, step):
        self.state = 'gone'

    # -- told by the ledger -------------------------------------------------------------------

    @api.model
    def _makes_up_for(self, kind):
        """What could not be built waits for nobody once it is taken away; the pool asks a person about it."""
        return ('build_standby', kind) if kind == 'discard_standby' else super()._makes_up_for(kind)

    def _operation_done(self, operation):
        if operation.kind == 'build_standby':
            self.pool_id._built()

    def _operation_failed(self, operation):
        if operation.kind == 'build_standby':
            self.pool_id._failed_to_build(operation)
            self.state = 'failed'
            self._discard('failed')
        else:
            self._plan_attention(_('%s failed', operation.display_name), operation.error or '')

    def _operation_cancelled(self, operation):
        self._operation_failed(operation)

    def _plan_attention(self, summary, note):
        self.pool_id._plan_attention(summary, note)

    def _close_warnings(self, feedback):
        self.pool_id._close_warnings(feedback)

    def _discard(self, because):
        for standby in self:
            standby.write({'state': 'discarding', 'discarded_because': because})
            standby._open('discard_standby', priority=30)

    def _discard_again(self):
        """What could not be removed is tried again after a pause that grows: until it is gone it takes up room."""
        for standby in self:
            ended = standby.operation_ids.filtered(lambda one: one.kind == 'discard_standby').sorted('id')
            pause = timedelta(minutes=min(2 ** len(ended), LONGEST_PAUSE))
            if not standby._active_operation() and (
                    not ended or not ended[-1].ended_at or ended[-1].ended_at + pause <= fields.Datetime.now()):
                standby._discard(standby.discarded_because)

    # -- looking ------------------------------------------------------------------------------

    def _look(self):
        """Whether it is still on its node as it was left; None when that cannot be asked. With no transaction open."""
        transaction = self.env['saas.operation']._transaction
        spec = transaction(lambda: self._spec())
        act = transaction(lambda: self.node_id._on_host(lambda host: host.look(spec)))
        try:
            return act() == PUBLISHED
        except NotFound:
            return False


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    def _reopen(self):
        """One that failed is taken away, and its name and mark are never given again: the pool makes another one."""
        if self.kind == 'build_standby' and self.standby_id.state != 'building':
            raise UserError(_('That standby is taken away again, and its pool makes another one. Press "Try Again" in the list '
                              'of standby pools if that is to be at once.'))
        return super()._reopen()
