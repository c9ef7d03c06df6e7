"""Where a new tenant goes, and what is reserved for it: the choice is drivers/placement.py's, the figures are the records'.

Choice and reservation are one transaction that touches the chosen node's row: of two at the same moment PostgreSQL
refuses one (REPEATABLE READ), it is repeated and then sees what the other took.
"""
from odoo import _, api, fields, models

from ..drivers.errors import Permanent
from ..drivers.placement import Candidate, Need, choose, fits
from ..drivers.waiting import NotYet

TOUCH = 'UPDATE saas_node SET placement_count = COALESCE(placement_count, 0) + 1 WHERE id = %s'
TENANTS = """
    SELECT node_id, count(*) FROM (
        SELECT node_id FROM saas_tenant WHERE node_id = ANY(%(nodes)s) AND state NOT IN ('draft', 'deleted')
         UNION ALL
        SELECT node_id FROM saas_standby WHERE node_id = ANY(%(nodes)s) AND state NOT IN ('taken', 'gone')) taken
     GROUP BY node_id"""
RESERVED = """
    SELECT node_id, sum(memory_mib), sum(cores), sum(disk_gib) FROM saas_container
     WHERE node_id = ANY(%(nodes)s) AND state != 'gone' GROUP BY node_id"""


class SaasNode(models.Model):
    _inherit = 'saas.node'

    placement_count = fields.Integer(readonly=True, copy=False, help='So many tenants were ever placed here.')

    # -- figures ----------------------------------------------------------------------------------

    def _used(self):
        """{node: {resource: what tenants, standbys and containers have of it}}."""
        self.env.flush_all()
        used = {node: dict.fromkeys(('count', 'memory_mib', 'cores', 'disk_gib'), 0) for node in self}
        self.env.cr.execute(TENANTS, {'nodes': self.ids})
        for node_id, count in self.env.cr.fetchall():
            used[self.browse(node_id)]['count'] = count
        self.env.cr.execute(RESERVED, {'nodes': self.ids})
        for node_id, memory, cores, disk in self.env.cr.fetchall():
            used[self.browse(node_id)].update(memory_mib=memory or 0, cores=cores or 0, disk_gib=disk or 0)
        return used

    def _total(self):
        """What there is to give; 0 means no limit, or that nobody has looked yet."""
        self.ensure_one()
        if self.kind != 'proxmox':
            return {'count': self.capacity}
        return {
            'count': self.capacity,
            'memory_mib': self.capacity_memory_mib or self.memory_total_mib,
            'cores': self.capacity_cores or int(self.cpu_count * (self.cpu_factor or 1)),
            'disk_gib': self.capacity_disk_gib or int(self.disk_total_gib)}

    def _candidates(self, local=None):
        """One for each of these nodes; ``local``: those that hold the template, by default all."""
        now, used = fields.Datetime.now(), self._used()
        return [Candidate(
            node, node.name, used=used[node], total=node._total(), region=node.region or '', is_draining=node.is_draining,
            in_maintenance=node.in_maintenance, is_down=bool(node.breaker_until and node.breaker_until > now),
            is_local=local is None or node in local) for node in self]

    # -- choosing -----------------------------------------------------------------------------------

    @api.model
    def _choose_node(self, plan, step=None, nodes=None):
        """(template, node) for one more tenant of ``plan``, on any node or one of ``nodes``; NotYet while its template is
        being built. Permanent when no node has the template, or none has room. Why is written to the step's log.
        """
        kind = 'proxmox' if plan.isolation == 'dedicated' else 'shared'
        templates = self.env['saas.template'].search([
            ('name', '=', plan.template_name), ('node_id.active', '=', True), ('node_id.kind', '=', kind)])
        if not templates:
            raise Permanent(self._no_template(plan, kind))
        usable = templates.filtered(lambda template: template._is_usable())
        if not usable:
            return NotYet(2, _('Waiting for the template to be built.'))
        reach = {node: template for template in usable for node in template._reach()}
        reach.update({template.node_id: template for template in usable})
        candidates = self.browse(node.id for node in reach if nodes is None or node in nodes)
        choice = choose(candidates._candidates(usable.node_id), plan._need())
        if step:
            for line in choice.lines:
                step._log(self._placement_words(line))
        if not choice.candidate:
            raise Permanent(_('Every node with the template "%s" is full. Add a node or raise a capacity, then retry.',
                              plan.template_name))
        node = choice.candidate.key
        self.env.cr.execute(TOUCH, [node.id], log_exceptions=False)     # conflicts are repeated
        node.invalidate_recordset(['placement_count'])
        return reach[node], node

    @api.model
    def _no_template(self, plan, kind):
        if kind == 'proxmox':
            return _('No Proxmox VE node has a template "%s". Build one there (Infrastructure, Templates) or change the plan.',
                     plan.template_name)
        return _('No node has a template "%s". Make one (Infrastructure, Templates) or change the plan.', plan.template_name)

    def _fits_more(self, more):
        """Whether this node can give so much more (``Need``) to what is on it."""
        self.ensure_one()
        return fits(self._candidates()[0], more)

    def _has_room(self):
        """For one more tenant, whatever it takes."""
        self.ensure_one()
        return fits(self._candidates()[0], Need())

    # -- in words -------------------------------------------------------------------------------------

    @api.model
    def _placement_words(self, line):
        """``node b: 3 of 10 GiB memory free…; chosen``."""
        reasons = {
            'chosen': _('chosen'), 'possible': _('possible'), 'is_draining': _('takes no new tenants (draining)'),
            'in_maintenance': _('in maintenance'), 'is_down': _('does not answer'),
            'region': _('in the region %(region)s, not %(wanted)s', **{'region': '', 'wanted': '', **line.values}),
            'no_count': _('has as many tenants as it may'), 'no_memory_mib': _('not enough memory'),
            'no_cores': _('not enough cores'), 'no_disk_gib': _('not enough disk')}
        return f'{line.name}: {", ".join([*self._room_words(line.values), reasons[line.code]])}'

    @api.model
    def _room_words(self, values):
        words = {
            'count': _('%(free)s of %(total)s places free'), 'memory_mib': _('%(free)s of %(total)s GiB memory free'),
            'cores': _('%(free)s of %(total)s cores free'), 'disk_gib': _('%(free)s of %(total)s GiB disk free')}
        return [text % {what: _gib(values[f'{what}_{name}']) if name == 'memory_mib' else values[f'{what}_{name}']
                        for what in ('free', 'total')}
                for name, text in words.items() if f'total_{name}' in values]


def _gib(mib):
    return f'{mib / 1024:.1f}'.removesuffix('.0')


class SaasPlan(models.Model):
    _inherit = 'saas.plan'

    def _resources(self):
        """What a container of this plan gets; 0 in the plan means no limit, and a container needs one."""
        self.ensure_one()
        return {'memory_mib': self.memory_mib or 2048, 'cores': self.cpu_cores or 2, 'disk_gib': self.disk_gib or 10}

    def _need(self):
        """On a shared server nothing is set aside: only the number of tenants counts."""
        self.ensure_one()
        own = self._resources() if self.isolation == 'dedicated' else {}
        return Need(**own, region=self.region or '')


class SaasTemplate(models.Model):
    _inherit = 'saas.template'

    def _is_usable(self):
        """Tenants can be cloned from it at present."""
        self.ensure_one()
        return bool(self.database_name)

    def _reach(self):
        """Nodes whose tenants can be cloned from it: its own, and those that reach its storage."""
        self.ensure_one()
        node = self.node_id
        if node.kind != 'proxmox' or not node.is_storage_shared:
            return node
        return node.cluster_id.node_ids.filtered(
            lambda other: other.active and other.is_storage_shared and other.storage == node.storage)
