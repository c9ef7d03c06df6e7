import os
import re
import uuid
from pathlib import Path

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..drivers.errors import DriverError, Permanent
from ..drivers.pve.golden import IN_USE, GoldenBuilder
from ..drivers.pve.golden_spec import BUILD_DB, GoldenBuild, Recipe
from ..drivers.pve.spec import Golden
from ..drivers.waiting import NotYet

# What a golden container is made of beside modules and languages; a change outdates it.
MADE_OF = {'os_template', 'base_vmid', 'odoo_source', 'odoo_sha256'}
VOLUME = re.compile(r'[A-Za-z][A-Za-z0-9._-]*:vztmpl/[\w.+-]+')
SOURCE = re.compile(r'(https://[^\s\'"]+|/[^\s\'"]+)\.deb')
DIGEST = re.compile(r'[0-9a-f]{64}')
ADDRESS = re.compile(r'dhcp|\d{1,3}(\.\d{1,3}){3}/\d{1,2}')
IPV4 = re.compile(r'\d{1,3}(\.\d{1,3}){3}')


class SaasTemplate(models.Model):
    """Templates of Proxmox VE nodes: golden containers, made by a recipe and cloned for tenants of their own server."""

    _inherit = 'saas.template'

    node_kind = fields.Selection(related='node_id.kind')
    os_template = fields.Char('Debian Template', tracking=True,
                              help='Volume of Proxmox VE, for instance local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst.')
    base_vmid = fields.Integer('Base Container', tracking=True,
                               help='Number of a container to start from instead, with packages and Odoo in it already.')
    odoo_source = fields.Char('Odoo Package', tracking=True,
                              help='A .deb: an https address, or its path in the container. '
                                   'Empty: the tree in /opt/odoo, or what is installed.')
    odoo_sha256 = fields.Char('SHA-256 of the Package', tracking=True)
    build_address = fields.Char('Address While Building', default='dhcp',
                                help='dhcp, or an address with its prefix such as 10.0.0.9/24; empty: no network, '
                                     'for containers that have everything already.')
    build_gateway = fields.Char('Gateway While Building')
    rootfs_gib = fields.Integer('Disk (GiB)', default=8, required=True, help='Clones can be larger, never smaller.')
    is_full_clone = fields.Boolean('Copy Fully',
                                   help='Clones copy all blocks. Slower; needed where the storage cannot share blocks.')
    vmid = fields.Integer('Container', readonly=True, copy=False, help='VMID that tenants are cloned from at present.')
    build_vmid = fields.Integer('Container of the Build', readonly=True, copy=False)
    leftover_vmids = fields.Json('Containers of Older Versions', readonly=True, copy=False,
                                 help='Removed once no clone shares their blocks any more.')
    leftover_text = fields.Char('Older Containers', compute='_compute_leftover_text')
    mark = fields.Char(readonly=True, copy=False)

    @api.depends('leftover_vmids')
    def _compute_leftover_text(self):
        for template in self:
            template.leftover_text = ', '.join(map(str, template.leftover_vmids or [])) or False

    @api.constrains('os_template', 'odoo_source', 'odoo_sha256', 'build_address', 'build_gateway', 'rootfs_gib', 'base_vmid')
    def _check_golden(self):
        forms = {'os_template': VOLUME, 'odoo_source': SOURCE, 'odoo_sha256': DIGEST, 'build_address': ADDRESS,
                 'build_gateway': IPV4}
        for template in self:
            for name, form in forms.items():
                if template[name] and not form.fullmatch(template[name]):
                    raise ValidationError(_('%(value)s is not what is meant by "%(field)s": %(help)s',
                                            value=template[name], field=self._fields[name]._description_string(self.env),
                                            help=self._fields[name]._description_help(self.env) or ''))
            if template.rootfs_gib < 2 or template.base_vmid and template.base_vmid < 100:
                raise ValidationError(_('A disk has at least 2 GiB, and numbers of containers begin at 100.'))

    def write(self, vals):
        result = super().write(vals)
        if MADE_OF & vals.keys():
            self.filtered(lambda t: t.state == 'ready' and t.node_id.kind == 'proxmox')._outdate('made_of')
        return result

    def action_build(self):
        for template in self:
            if template.node_id.kind == 'proxmox' and not (template.os_template or template.base_vmid):
                raise UserError(_('Say what %s is made from: a Debian template or a base container.', template.name))
        return super().action_build()

    # -- what others ask ------------------------------------------------------------------------

    def _golden(self, node=None):
        """``drivers.pve.spec.Golden`` for a clone on ``node``."""
        self.ensure_one()
        if not self.vmid:
            raise Permanent(_('The template %s has no golden container yet: build it.', self.name))
        return Golden(self.vmid, self.node_id.pve_node, self.is_full_clone)

    # -- the build ------------------------------------------------------------------------------

    @api.model
    def _operation_steps(self, kind):
        steps = super()._operation_steps(kind)
        if kind != 'build_template' or len(self) != 1 or self.node_id.kind != 'proxmox':
            return steps
        labels = dict(steps)
        return [
            ('prepare', labels['prepare']), ('create', _('Make the container')), ('start', _('Start the container')),
            ('recipe', _('Set up Debian, PostgreSQL and Odoo')), ('install', labels['install']), ('warm', labels['warm']),
            ('freeze', labels['freeze']), ('stop', _('Stop the container')), ('convert', _('Make it a golden container')),
            ('ready', labels['ready']), ('drop_previous', labels['drop_previous'])]

    def _golden_build(self, task=''):
        folder = os.environ.get('SAAS_CONFIG_DIR') or Path(__file__).resolve().parents[3] / 'config'
        return GoldenBuild(
            vmid=self.build_vmid, hostname=f'{self.name}-v{self.version + 1}'.replace('_', '-'), mark=self.mark or '',
            recipe=Recipe(str(Path(folder) / 'proxmox' / 'golden')), os_template=self.os_template or '',
            base_vmid=self.base_vmid, odoo_source=self.odoo_source or '', odoo_sha256=self.odoo_sha256 or '',
            address=self.build_address or '', gateway=self.build_gateway or '', rootfs_gib=self.rootfs_gib, task=task,
            modules=tuple(self._modules()), languages=tuple(self._languages()))

    def _build(self, work, task=''):
        """On a node of Proxmox VE ``work(GoldenBuilder)``; there the builder opens what it needs itself."""
        if self.node_id.kind != 'proxmox':
            return super()._build(work)
        spec, access, build = self.node_id._pve(), self.node_id._access(), self._golden_build(task or '')
        return lambda: work(GoldenBuilder(spec, build, lambda vmid: access.inside(vmid).open()))

    def _step_prepare(self, step):
        """A new number for each build; the container of one that failed is removed. Repeated, both are known already."""
        if self.node_id.kind != 'proxmox':
            return super()._step_prepare(step)
        operation = step.operation_id
        if 'leftover' not in (operation.params or {}):
            operation.params = {**(operation.params or {}), 'leftover': self.build_vmid}
            self.write({'build_vmid': self.node_id.cluster_id._next_number(), 'mark': self.mark or uuid.uuid4().hex})
        leftover = operation.params['leftover']
        return self._build(lambda builder: builder.remove(leftover), step.task) if leftover else None

    def _step_create(self, step):
        """An interrupted attempt leaves a container under our number, which is adopted when it bears our mark."""
        return self._build(lambda builder: builder.make(), step.task)

    def _step_start(self, step):
        return self._build(lambda builder: builder.start(), step.task)

    def _step_recipe(self, step):
        return self._build(lambda builder: builder.within(lambda inside: inside.recipe()))

    def _step_install(self, step):
        if self.node_id.kind != 'proxmox':
            return super()._step_install(step)
        return self._build(lambda builder: builder.within(lambda inside: inside.install()))

    def _step_warm(self, step):
        if self.node_id.kind != 'proxmox':
            return super()._step_warm(step)
        return self._build(lambda builder: builder.within(lambda inside: inside.warm_up()))

    def _step_freeze(self, step):
        if self.node_id.kind != 'proxmox':
            return super()._step_freeze(step)

        def work(builder):
            facts = builder.within(lambda inside: inside.seal())
            return {'facts': facts, 'fingerprint': builder.fingerprint(),
                    'size_mib': facts['size_bytes'] // 2**20, 'built_at': fields.Datetime.now()}
        return self._build(work)

    def _step_stop(self, step):
        return self._build(lambda builder: builder.stop(), step.task)

    def _step_convert(self, step):
        return self._build(lambda builder: builder.convert())

    def _step_ready(self, step):
        if self.node_id.kind != 'proxmox':
            return super()._step_ready(step)
        previous = self.vmid
        result = super()._step_ready(step)
        step.operation_id.params = {'previous': previous}
        self.write({'database_name': BUILD_DB, 'vmid': self.build_vmid, 'build_vmid': False})
        return result

    def _step_drop_previous(self, step):
        """One that clones still share blocks with stays, and is swept when they are gone."""
        previous = (step.operation_id.params or {}).get('previous')
        if self.node_id.kind != 'proxmox' or not previous:
            return super()._step_drop_previous(step)
        kept = {'leftover_vmids': [*(self.leftover_vmids or []), previous]}

        def work(builder):
            try:
                return builder.remove(previous)
            except DriverError as error:
                if error.problem != IN_USE:
                    raise
                return kept
        return self._build(work, step.task)

    # -- what is left of older versions ------------------------------------------------------------

    @api.model
    def _cron_check(self):
        result = super()._cron_check()
        for template in self.search([('node_id.kind', '=', 'proxmox'), ('leftover_vmids', '!=', False)]):
            template._sweep()
        return result

    def _sweep(self):
        """Remove the containers of older versions that nothing is cloned from any more; others wait for the next time."""
        kept = []
        for vmid in self.leftover_vmids or []:
            try:
                gone = self._build(lambda builder, vmid=vmid: builder.remove(vmid))()
            except DriverError:
                gone = NotYet(0)
            if isinstance(gone, NotYet):
                kept.append(vmid)
        self.leftover_vmids = kept or False
