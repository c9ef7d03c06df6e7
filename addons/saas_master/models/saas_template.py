import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..drivers.errors import DriverError
from ..drivers.template import TemplateBuilder
from ..series import Constraint

TECHNICAL = re.compile(r'[a-z][a-z0-9_]*')
ACTIVITY = 'saas_master.mail_activity_template_outdated'
LANGUAGE = re.compile(r'[a-z]{2,3}(_[A-Z]{2}|_[0-9]{3})?(@[a-z]+)?')


class SaasTemplate(models.Model):
    """The golden database of a node that tenants are cloned from; every rebuild is a new version of it."""

    _name = 'saas.template'
    _description = 'SaaS Template'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited', 'saas.operation.subject']
    _order = 'name, node_id'

    name = fields.Char(required=True, default='template_tenant')
    node_id = fields.Many2one('saas.node', required=True, ondelete='restrict', index=True)
    series = fields.Selection(related='node_id.series')
    module_names = fields.Char('Modules', required=True, default='website,website_mail', tracking=True,
                               help='Technical names, separated by commas.')
    language_codes = fields.Char('Languages', required=True, default='en_US,es_ES', tracking=True,
                                 help='Codes as in Odoo, separated by commas.')
    state = fields.Selection([
        ('draft', 'Draft'), ('building', 'Building'), ('ready', 'Ready'), ('outdated', 'Outdated'),
    ], required=True, default='draft', readonly=True, tracking=True, copy=False)
    outdated_because = fields.Selection([
        ('made_of', 'Its modules or languages were changed.'),
        ('code', 'Odoo or its modules on the node have changed since it was built.'),
        ('cancelled', 'The build was cancelled.'),
        ('failed', 'The build failed.'),
    ], readonly=True, copy=False)
    outdated_detail = fields.Char(readonly=True, copy=False, help='What the build said.')
    outdated_reason = fields.Char(compute='_compute_outdated_reason')
    version = fields.Integer(readonly=True, copy=False)
    database_name = fields.Char(readonly=True, copy=False, help='The database tenants are cloned from at present.')
    fingerprint = fields.Char(readonly=True, copy=False)
    size_mib = fields.Integer('Size (MiB)', readonly=True, copy=False)
    facts = fields.Json(readonly=True, copy=False)
    built_at = fields.Datetime(readonly=True, copy=False)
    tenant_ids = fields.One2many('saas.tenant', 'template_id')
    operation_ids = fields.One2many('saas.operation', 'template_id', readonly=True)

    _name_node_uniq = Constraint('UNIQUE (name, node_id)', 'This node has a template of that name already.')
    _name_form = Constraint("CHECK (name ~ '^[a-z][a-z0-9_]{0,40}$')",
                            'A template name has lower-case letters, digits and underscores, at most 41.')

    @api.depends('outdated_because', 'outdated_detail')
    @api.depends_context('lang')
    def _compute_outdated_reason(self):
        labels = dict(self._fields['outdated_because']._description_selection(self.env))
        for template in self:
            template.outdated_reason = ' '.join(filter(None, (
                labels.get(template.outdated_because), template.outdated_detail))) or False

    @api.constrains('module_names', 'language_codes')
    def _check_lists(self):
        for template in self:
            bad = [name for name in template._modules() if not TECHNICAL.fullmatch(name)]
            bad += [code for code in template._languages() if not LANGUAGE.fullmatch(code)]
            if bad:
                raise ValidationError(_('These are no technical names of modules or codes of languages: %s.',
                                        ', '.join(bad)))

    def _modules(self):
        return [name.strip() for name in (self.module_names or '').split(',') if name.strip()]

    def _languages(self):
        return [code.strip() for code in (self.language_codes or '').split(',') if code.strip()]

    def write(self, vals):
        changed = {'module_names', 'language_codes'} & vals.keys()
        result = super().write(vals)
        if changed:
            self.filtered(lambda template: template.state == 'ready')._outdate('made_of')
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unbuilt(self):
        if any(template.database_name for template in self):
            raise UserError(_('A built template cannot be removed: its database would be left behind on the node.'))

    def _outdate(self, because):
        """Its tenants go on, new ones are still cloned from it: a person decides when to build it anew, and is asked once."""
        self.write({'state': 'outdated', 'outdated_because': because, 'outdated_detail': False})
        for template in self.sudo():
            manager = template._attention_user()
            if not template.activity_search([ACTIVITY]):
                reason = template.with_context(lang=manager.lang).outdated_reason
                template.activity_schedule(ACTIVITY, note=reason, user_id=manager.id)

    # -- buttons ------------------------------------------------------------------------------

    def action_build(self):
        """Build it, or build it anew; tenants are cloned from the present version until the new one is ready."""
        self.check_access('write')
        self.env['saas.audit']._note('build', self)
        for template in self.sudo():
            template._open('build_template', priority=20)
            template.state = 'building'
        return True

    def action_check(self):
        """Ask the node whether the code under the template has changed since it was built."""
        self.check_access('write')
        self.env['saas.audit']._note('compare', self)
        for template in self.filtered(lambda t: t.state == 'ready').sudo():
            with template.node_id._user_errors():
                template._check_fingerprint()
        outdated = self.filtered('outdated_reason')
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'warning' if outdated else 'success',
                'title': _('Template is outdated') if outdated else _('Template is up to date'),
                'message': outdated[:1].outdated_reason or _('Odoo and its modules on the node are those it was built with.'),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    @api.model
    def _cron_check(self):
        for template in self.search([('state', '=', 'ready')]):
            try:
                template._check_fingerprint()
            except DriverError as error:
                template.message_post(body=_('Could not be compared with the node: %s', error))

    def _check_fingerprint(self):
        if self._build(lambda builder: builder.fingerprint())() != self.fingerprint:
            self._outdate('code')

    # -- the build ------------------------------------------------------------------------------

    def _operation_field(self):
        return 'template_id'

    @api.model
    def _operation_steps(self, kind):
        if kind != 'build_template':
            return super()._operation_steps(kind)
        return [
            ('prepare', _('Clear leftovers away')),
            ('install', _('Install the modules')),
            ('warm', _('Open its pages once')),
            ('freeze', _('Close it for changes')),
            ('ready', _('Offer it to new tenants')),
            ('drop_previous', _('Remove the version before')),
        ]

    def _build_name(self):
        return f'{self.name}_{self.version + 1}'

    def _build(self, work):
        """The outside part of a step: ``work(TemplateBuilder)`` with the node's transport open."""
        spec, access = self.node_id._spec(), self.node_id._access()

        def act():
            with access.open() as transport:
                return work(TemplateBuilder(spec, transport))
        return act

    def _step_prepare(self, step):
        name = self._build_name()
        return self._build(lambda builder: builder.prepare(name))

    def _step_install(self, step):
        name, modules, languages = self._build_name(), self._modules(), self._languages()

        def work(builder):
            builder.start_install(name, modules, languages)
            return builder.poll(name)
        return self._build(work)

    def _step_warm(self, step):
        name = self._build_name()
        return self._build(lambda builder: builder.warm(name))

    def _step_freeze(self, step):
        name = self._build_name()

        def work(builder):
            facts = builder.freeze(name)
            return {'facts': facts, 'fingerprint': builder.fingerprint(),
                    'size_mib': facts['size_bytes'] // 2**20, 'built_at': fields.Datetime.now()}
        return self._build(work)

    def _step_ready(self, step):
        step.operation_id.params = {'previous': self.database_name}
        self.write({'database_name': self._build_name(), 'version': self.version + 1,
                    'state': 'ready', 'outdated_because': False, 'outdated_detail': False})
        self.activity_feedback([ACTIVITY], feedback=_('Version %s was built.', self.version))

    def _step_drop_previous(self, step):
        previous = (step.operation_id.params or {}).get('previous')
        return self._build(lambda builder: builder.drop(previous)) if previous else None

    def _operation_failed(self, operation):
        self._after_failed_build('failed', operation.error)
        self._plan_attention(_('%s failed', operation.display_name), operation.error or '')

    def _operation_cancelled(self, operation):
        self._after_failed_build('cancelled')

    def _after_failed_build(self, because, detail=False):
        """An older version goes on serving."""
        if self.state == 'building':
            self.write({'state': 'outdated' if self.database_name else 'draft', 'outdated_because': because,
                        'outdated_detail': detail})
