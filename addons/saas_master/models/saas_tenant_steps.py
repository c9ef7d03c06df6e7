"""What the operations of a tenant consist of."""
import secrets
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from odoo import _, api, fields, models

from ..drivers.errors import NotFound, Permanent
from ..drivers.probe import probe_gone, probe_suspended, probe_tenant, warm_tenant
from ..drivers.rpc import TenantRPC
from ..drivers.spec import TenantSpec
from ..drivers.vault import Vault
from ..drivers.waiting import NotYet
from .saas_node_routes import HTTP_PORT

LINK_HOURS = 72             # a customer has so long to set his password by the welcome mail's link
PROBE_SECONDS = 20
WELCOME_WAITS = timedelta(seconds=20)       # at most, for tenants that are ordered and not begun


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _operation_field(self):
        return 'tenant_id'

    @api.model
    def _operation_steps(self, kind):
        take_down = [
            ('unroute', _('Close the address')),
            ('drop_database', _('Remove the database')),
            ('drop_filestore', _('Remove the files')),
        ]
        steps = {
            'provision': [
                ('place', _('Choose a server')),
                ('clone', _('Clone the template')),
                ('personalise', _('Make it yours')),
                ('publish_database', _('Put it on the server')),
                ('warm', _('Start it')),
                ('route', _('Open the address')),
                ('observe', _('Check that it answers')),
                ('go_live', _('Hand it over')),
                ('welcome', _('Send the welcome mail')),
            ],
            'suspend': [
                ('route', _('Close the address')),
                ('observe_suspended', _('Check that it is closed')),
                ('suspended', _('Note the suspension')),
            ],
            'resume': [
                ('route', _('Open the address')),
                ('observe', _('Check that it answers')),
                ('resumed', _('Note that it runs again')),
            ],
            'delete': [*take_down, ('observe_gone', _('Check that it is gone')), ('deleted', _('Note the deletion'))],
            'cleanup': take_down,
            'install_modules': [('install_modules', _('Install the modules'))],
        }
        return steps.get(kind) or super()._operation_steps(kind)

    def _spec(self, **more):
        self.ensure_one()
        return TenantSpec(
            name=self.database_name or self.name, mark=self.mark, company=self.company_name, admin_name=self.admin_name,
            login=self.email, lang=self.lang, base_url=self.url or '', **more)

    def _rpc(self):
        """RPC to the tenant's own Odoo as its administrator, with the key made for us."""
        key = self.sudo().api_key_sealed
        if not key:
            raise Permanent(_('The control plane has no key for %s: it was not provisioned by it.', self.name))
        node = self.node_id
        return TenantRPC(self._odoo_url(), self.database_name, Vault.from_environment().open(key), series=node.series)

    def _odoo_url(self):
        """Its Odoo as the master reaches it, past the router."""
        self.ensure_one()
        address = self.sudo().container_id.ip_address_id.address
        return f'http://{address}:{HTTP_PORT}' if address else self.node_id.odoo_url

    # -- provision ------------------------------------------------------------------------------

    def _step_place(self, step):
        if self.template_id.database_name:
            return self._place_on(step, self.template_id)
        standby = self.env['saas.standby']._hand_out(self)
        if standby:
            return self._taken_from_standby(step)
        chosen = self.env['saas.node']._choose_node(self.plan_id, step)
        return chosen if isinstance(chosen, NotYet) else self._place_on(step, chosen[0])

    def _place_on(self, step, template):
        self.write({
            'template_id': template.id, 'template_version': template.version, 'node_id': template.node_id.id,
            'database_name': self.database_name or self._new_database_name()})
        step.operation_id.node_id = template.node_id

    def _new_database_name(self):
        """The tenant's name, unless a tenant before had a database of that name: it is never given twice.

        An Odoo server may still hold the old one in memory, and 17.0 accepts a password it has cached for that name
        before it notices that the database is another (``res.users.check``).
        """
        used = self.search_count([('name', '=', self.name), ('id', '!=', self.id), ('database_name', '!=', False)], limit=1)
        return f'{self.name[:50]}__{self.mark[:8]}' if used else self.name

    def _taken_from_standby(self, step):
        """What is done already is not done again: the steps up to the route find it so."""
        step.operation_id.node_id = self.node_id
        step._log(_('One that was kept ready is taken: %s.', self.container_id.display_name or self.database_name))

    def _step_clone(self, step):
        """Database and files; a standby has them."""
        if self.standby_id:
            return None
        spec, template = self._spec(), self.template_id.database_name
        return self.node_id._on_host(lambda host: host.clone(template, spec))

    def _step_personalise(self, step):
        """Fresh secrets at every attempt: what counts is what the last one wrote, here and there."""
        api_key = secrets.token_hex(20)
        spec = self._spec(database_uuid=str(uuid.uuid4()), database_secret=secrets.token_hex(32), api_key=api_key)
        sealed, in_its_place = Vault.from_environment().seal(api_key), self._in_its_place() if self.standby_id else None
        later = self._is_shown_first(step)

        def work(host):
            values, mine = {'database_uuid': spec.database_uuid, 'api_key_sealed': sealed}, spec
            if in_its_place:
                try:
                    values['database_uuid'] = host.hand_over(spec)
                    if not later:
                        host.forget(spec)
                    return values
                except NotFound:
                    values.update(standby_id=False, **in_its_place(host))
                    mine = replace(spec, name=values.get('database_name', spec.name))
            host.personalise(mine)
            return values
        return self.node_id._on_host(work)

    def _is_shown_first(self, step):
        """Whether the standby's Odoo shows its login page as it has it in memory, and forgets only then: to make that page
        anew takes longer than all the rest. Not where it would be in another language."""
        return bool(self.standby_id) and step.operation_id.kind == 'provision' and self.standby_id.lang == self.lang

    def _in_its_place(self):
        """What is done where a standby was taken away behind our back: another database, never again of its name, which a
        server may still hold in memory."""
        spec, template, name = self._spec(), self.template_id.database_name, self._new_database_name()

        def work(host):
            host.clone(template, replace(spec, name=name))
            return {'database_name': name}
        return work

    def _step_publish_database(self, step):
        spec = self._spec()
        return None if self.standby_id else self.node_id._on_host(lambda host: host.publish_database(spec))

    def _step_warm(self, step):
        if self.standby_id and step and step.operation_id.kind == 'provision':
            return None         # loaded long ago
        return self._warm_work()

    def _warm_work(self):
        url, host, database = self._odoo_url(), self._netloc(), self.database_name

        def act():
            warm_tenant(url, host, database, PROBE_SECONDS)
        return act

    def _step_route(self, step):
        self.is_routed = True
        routes = self.node_id._sync_routes()
        if not self.standby_id or step.operation_id.kind != 'provision' or self._is_shown_first(step):
            return routes
        warm = self._warm_work()        # it has to make its login page anew: begun meanwhile

        def act():
            with ThreadPoolExecutor(1) as pool:
                warming = pool.submit(warm)
                routes()
                warming.result()
        return act

    def _step_observe(self, step):
        look = self._step_observe_suspended(step) if self.reason_ids else self._look_work()
        if not self._is_shown_first(step):
            return look
        spec, warm = self._spec(), self._warm_work()
        forget = self.node_id._on_host(lambda host: host.forget(spec))

        def act():
            look()
            forget()
            warm()
        return act

    def _look_work(self):
        router, host, mark = self.node_id._router().router_url, self._netloc(), self.mark

        def act():
            probe_tenant(router, host, mark, PROBE_SECONDS)
        return act

    def _step_observe_suspended(self, step):
        router, host = self.node_id._router().router_url, self._netloc()

        def act():
            probe_suspended(router, host, PROBE_SECONDS)
        return act

    def _netloc(self):
        return self.url.partition('://')[2].rstrip('/')

    def _step_go_live(self, step):
        self._set_state('suspended' if self.reason_ids else 'running')
        today = fields.Date.context_today(self)
        self.write({
            'live_at': fields.Datetime.now(),
            'trial_end': today + timedelta(days=self.plan_id.trial_days) if self.plan_id.trial_days else False,
        })

    def _step_welcome(self, step):
        """The link comes from the tenant's own Odoo; it is mailed, never stored.

        The tenant is live already: while others are ordered that no worker has begun yet, those go first, for a while.
        """
        if self._others_wait() and fields.Datetime.now() - self.live_at < WELCOME_WAITS:
            return NotYet(1)
        rpc = self._rpc()
        return lambda: {'link': rpc.password_link(LINK_HOURS)}

    def _others_wait(self):
        return bool(self.env['saas.operation'].search_count([
            ('kind', '=', 'provision'), ('state', '=', 'waiting'), ('started_at', '=', False)], limit=1))

    def _result_welcome(self, outcome):
        self._notify_customer(
            'saas_master.mail_template_welcome', password_link=outcome['link'], password_link_hours=LINK_HOURS,
            **self._portal_access())

    # -- suspend, resume, delete ----------------------------------------------------------------

    def _step_suspended(self, step):
        if self.reason_ids:
            self._set_state('suspended')
            self._notify_customer('saas_master.mail_template_suspended')

    def _step_resumed(self, step):
        if not self.reason_ids:
            self._set_state('running')
            self._notify_customer('saas_master.mail_template_resumed')

    def _step_unroute(self, step):
        self.is_routed = False
        return self.node_id and self.node_id._sync_routes()

    def _step_drop_database(self, step):
        self.standby_id = False         # should it be made again, it is made from the beginning
        spec = self._spec()
        return self.node_id and self.node_id._on_node(lambda shared: shared.drop_database(spec))

    def _step_drop_filestore(self, step):
        spec = self._spec()
        return self.node_id and self.node_id._on_node(lambda shared: shared.drop_filestore(spec))

    def _step_observe_gone(self, step):
        if not self.node_id:
            return None
        router, host = self.node_id._router().router_url, self._netloc()

        def act():
            probe_gone(router, host, PROBE_SECONDS)
        return act

    def _step_deleted(self, step):
        self.api_key_sealed = False
        self._set_state('deleted')
        self._notify_customer('saas_master.mail_template_deleted')

    def _step_install_modules(self, step):
        rpc, modules = self._rpc(), step.operation_id.params['modules']

        def act():
            rpc.install_modules(modules)
        return act

    # -- what the ledger tells ------------------------------------------------------------------

    def _operation_done(self, operation):
        self._settle()

    def _operation_failed(self, operation):
        if operation.kind == 'provision' and self.state == 'provisioning':
            self._set_state('failed')
            self._open('cleanup')
            self._notify_customer('saas_master.mail_template_provision_failed')
        self._plan_attention(
            _('%s failed', operation.display_name),
            _('%s Look at the operation\'s log; retry it once the cause is gone.', operation.error or ''))
        self._settle(failed=operation.kind)

    def _operation_cancelled(self, operation):
        if operation.kind == 'provision' and self.state == 'provisioning':
            self._set_state('failed')
            self._open('cleanup')
        self._settle()

    def _notify_customer(self, template_xmlid, **context):
        """Queue a mail; the mail cron sends it, so no SMTP happens in an operation."""
        template = self.env.ref(template_xmlid, raise_if_not_found=False)
        if template:
            template.sudo().with_context(**context).send_mail(self.id)
            self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()
