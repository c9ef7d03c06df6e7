import logging

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

_logger = logging.getLogger(__name__)

PLACES = (('/api', 'api'), ('/my', 'portal'), ('/saas', 'website'), ('/web', 'backend'), ('/odoo', 'backend'))
ACTS = [
    ('provision', 'Provision'), ('suspend', 'Suspend'), ('resume', 'Resume'), ('delete', 'Delete'),
    ('ask_deletion', 'Ask for deletion'), ('withdraw_deletion', 'Withdraw a deletion'),
    ('install_modules', 'Install modules'), ('retry', 'Retry'), ('cancel', 'Cancel'), ('skip_step', 'Skip a step'),
    ('settle', 'Settle a failure'), ('build', 'Build a template'), ('compare', 'Compare a template with its node'),
    ('test', 'Test a node'), ('send_link', 'Send a confirmation link again'), ('create', 'Create'), ('change', 'Change'),
    ('remove', 'Remove'), ('change_secret', 'Change a secret'), ('change_setting', 'Change a setting'),
    ('change_right', 'Change the right of a contact'), ('change_role', 'Change the role of a user'),
    ('invite', 'Invite a person'), ('remove_person', 'Remove a person'), ('make_api_key', 'Make an API key'),
    ('revoke_api_key', 'Revoke an API key'), ('step_up', 'Prove identity'), ('step_up_failed', 'Fail to prove identity'),
    ('start', 'Start'), ('stop', 'Stop'), ('restart', 'Restart'), ('snapshot', 'Snapshot'), ('rollback', 'Roll back'),
    ('backup', 'Back up'), ('restore', 'Restore'), ('remove_kept', 'Remove a kept state'),
    ('look_inside', 'Look into a container'), ('restart_odoo', 'Restart Odoo'), ('look_again', 'Compare with Proxmox VE'),
    ('login', 'Log in'), ('login_failed', 'Fail to log in'), ('logout', 'Log out'),
]
KEEP_DAYS, LEAST_DAYS = 730, 30     # system parameter saas_master.audit_days; the trigger knows the latter
BATCH = 10_000

# Whatever reaches the table: a line is never changed, but that a removed user or customer leaves it, and a merged
# customer is followed. It is removed only when it is old, and only by the pruning.
GUARD = f"""
    CREATE OR REPLACE FUNCTION saas_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            RAISE EXCEPTION 'An audit line is never removed.';
        ELSIF TG_OP = 'DELETE' THEN
            IF coalesce(current_setting('saas_master.audit_prune', true), '') = 'on'
               AND OLD.at < now() AT TIME ZONE 'UTC' - interval '{LEAST_DAYS} days' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'An audit line is never removed.';
        ELSIF (OLD.id, OLD.at, OLD.login, OLD.via, OLD.address, OLD.act, OLD.res_model, OLD.res_id, OLD.subject, OLD.detail)
               IS DISTINCT FROM
              (NEW.id, NEW.at, NEW.login, NEW.via, NEW.address, NEW.act, NEW.res_model, NEW.res_id, NEW.subject, NEW.detail)
              OR (NEW.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id)
              OR (NEW.partner_id IS NOT NULL AND OLD.partner_id IS NULL) THEN
            RAISE EXCEPTION 'An audit line is never changed.';
        END IF;
        RETURN NEW;
    END $$;
    CREATE OR REPLACE TRIGGER saas_audit_guard BEFORE UPDATE OR DELETE ON saas_audit
        FOR EACH ROW EXECUTE FUNCTION saas_audit_guard();
    CREATE OR REPLACE TRIGGER saas_audit_guard_all BEFORE TRUNCATE ON saas_audit
        FOR EACH STATEMENT EXECUTE FUNCTION saas_audit_guard();"""
PRUNE = """
    DELETE FROM saas_audit WHERE id IN (
        SELECT id FROM saas_audit WHERE at < now() AT TIME ZONE 'UTC' - %s * interval '1 day' ORDER BY id LIMIT %s)"""


class SaasAudit(models.Model):
    """What people did: written with the act, in its transaction, and never changed. Programs of ours leave no line."""

    _name = 'saas.audit'
    _description = 'Audit Line'
    _order = 'id desc'
    _log_access = False
    _rec_name = 'act'

    at = fields.Datetime('Time', required=True, readonly=True, default=fields.Datetime.now, index=True)
    user_id = fields.Many2one('res.users', 'Person', readonly=True, index=True, ondelete='set null')
    login = fields.Char(readonly=True, help='Kept when the user is removed.')
    via = fields.Selection([
        ('backend', 'Backend'), ('portal', 'Portal'), ('website', 'Website'), ('api', 'REST'), ('rpc', 'RPC')],
        required=True, readonly=True)
    address = fields.Char('Network Address', readonly=True)
    act = fields.Selection(ACTS, required=True, readonly=True, index=True)
    res_model = fields.Char('Model', readonly=True)
    res_id = fields.Many2oneReference('Record', model_field='res_model', readonly=True)
    subject = fields.Char(readonly=True, help='Name of the record at that time.')
    partner_id = fields.Many2one('res.partner', 'Customer', readonly=True, index=True, ondelete='set null')
    detail = fields.Char(readonly=True)

    def init(self):
        self.env.cr.execute(GUARD)
        self.env.cr.execute('CREATE INDEX IF NOT EXISTS saas_audit_record ON saas_audit (res_model, res_id)')

    # -- adding ---------------------------------------------------------------------------------

    @api.model
    def _note(self, act, records=None, detail=''):
        """Add one line for each of ``records``, or one line, when a person is at work. ``detail`` holds no secrets."""
        if self.env.uid == SUPERUSER_ID:
            return
        user = self.env.user.sudo()
        common = {
            'user_id': user.id, 'login': user.login, 'via': self._via(), 'act': act, 'detail': detail or False,
            'address': request.httprequest.remote_addr if request else False}
        rows = [{**common, 'res_model': record._name, 'res_id': record.id, 'subject': record.display_name,
                 'partner_id': self._customer(record).id} for record in (records.sudo() if records else ())]
        self.sudo().create(rows or [common])

    @api.model
    def _note_apart(self, act, records=None, detail=''):
        """The same in a transaction of its own, for an act that is refused: its error takes everything else back."""
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr))._note(act, records and records.with_env(self.env(cr=cr)), detail)

    def _customer(self, record):
        if record._name == 'res.partner':
            return record.commercial_partner_id
        tenant = record if record._name == 'saas.tenant' else 'tenant_id' in record._fields and record.tenant_id
        return tenant.partner_id if tenant else self.env['res.partner']

    def _via(self):
        if not request:
            return 'rpc'        # Odoo puts the request aside for it
        path = request.httprequest.path
        return next((place for start, place in PLACES if path == start or path.startswith(f'{start}/')), 'rpc')

    # -- never changed, and kept for long ---------------------------------------------------------

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(_('An audit line is never changed.'))

    @api.ondelete(at_uninstall=False)
    def _never_unlink(self):
        raise UserError(_('An audit line is never removed.'))

    @api.autovacuum
    def _prune(self):
        """Forget what is older than staff want to keep, some at a time; the rest goes the next day."""
        days = self.env['ir.config_parameter'].sudo().get_param('saas_master.audit_days', '')
        days = max(int(days) if days.isdecimal() else KEEP_DAYS, LEAST_DAYS)
        self.env.flush_all()
        self.env.cr.execute("SELECT set_config('saas_master.audit_prune', 'on', true)")
        self.env.cr.execute(PRUNE, [days, BATCH])
        count = self.env.cr.rowcount
        self.env.cr.execute("SELECT set_config('saas_master.audit_prune', '', true)")
        self.env.invalidate_all()
        if count:
            _logger.info('%s audit lines older than %s days were removed.', count, days)

    # -- looking --------------------------------------------------------------------------------

    def action_open_record(self):
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id).exists() if self.res_model in self.env else None
        if not record:
            raise UserError(_('There is no such record any more.'))
        return {'type': 'ir.actions.act_window', 'res_model': self.res_model, 'res_id': self.res_id,
                'views': [(False, 'form')]}

    @api.model
    def _action_of(self, records):
        """The lines of these records, for a button of theirs."""
        return {'type': 'ir.actions.act_window', 'name': _('Audit'), 'res_model': 'saas.audit', 'view_mode': 'list,form',
                'domain': [('res_model', '=', records._name), ('res_id', 'in', records.ids)]}


class SaasAudited(models.AbstractModel):
    """Records whose making, changing and removing by a person's hand leaves an audit line with the fields' names."""

    _name = 'saas.audited'
    _description = 'Audited Records'

    _secret_fields = ()     # noted as an act of its own by whoever seals them

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if not self.env.su:
            self.env['saas.audit']._note('create', records)
        return records

    def write(self, vals):
        names = sorted(set(vals).difference(self._secret_fields))
        if names and not self.env.su and self:
            self.env['saas.audit']._note('change', self, ', '.join(names))
        return super().write(vals)

    def unlink(self):
        if not self.env.su and self:
            self.env['saas.audit']._note('remove', self)
        return super().unlink()


class IrConfigParameter(models.Model):
    """Our settings are system parameters, changed on our page or in Odoo's own list."""

    _inherit = 'ir.config_parameter'

    @api.model_create_multi
    def create(self, vals_list):
        parameters = super().create(vals_list)
        parameters._note_setting({})
        return parameters

    def write(self, vals):
        before = {parameter: parameter.value for parameter in self}
        result = super().write(vals)
        self._note_setting(before)
        return result

    def unlink(self):
        ours = self.filtered(lambda parameter: parameter.key.startswith('saas_'))
        if ours:
            self.env['saas.audit']._note('change_setting', ours, _('removed'))
        return super().unlink()

    def _note_setting(self, before):
        """Numbers are told, texts are not: they may be secrets."""
        for parameter in self:
            old, new = before.get(parameter), parameter.value
            if parameter.key.startswith('saas_') and old != new:
                told = ' → '.join(
                    (value if value.isdecimal() else '…') if value else '-' for value in (old, new))
                self.env['saas.audit']._note('change_setting', parameter, told)
