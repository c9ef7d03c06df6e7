from dataclasses import asdict

from odoo import _, api, fields, models

from ..drivers import health
from ..drivers.errors import DriverError
from ..drivers.pve.api import PveSession
from ..drivers.pve.examine import examine_cluster, examine_node
from .saas_node_problems import look_rows


class SaasNode(models.Model):
    """What a look at a node of Proxmox VE finds, and what it has left to give."""

    _inherit = 'saas.node'

    memory_given_words = fields.Char('Memory Given (GiB)', compute='_compute_given_words')
    cores_given_words = fields.Char('Cores Given', compute='_compute_given_words')
    disk_given_words = fields.Char('Disk Given (GiB)', compute='_compute_given_words')
    container_count = fields.Integer('Containers', compute='_compute_given_words')

    @api.depends('container_ids.state', 'container_ids.memory_mib', 'container_ids.cores', 'container_ids.disk_gib', 'capacity',
                 'capacity_memory_mib', 'capacity_cores', 'capacity_disk_gib', 'cpu_factor', 'cpu_count', 'memory_total_mib',
                 'disk_total_gib')
    @api.depends_context('lang')
    def _compute_given_words(self):
        used = self._used() if self.ids else {}
        counts = dict(self.env['saas.container']._read_group(
            [('node_id', 'in', self.ids), ('state', '!=', 'gone')], ['node_id'], ['__count']))
        for node in self:
            taken, total = used.get(node, {}), node._total()
            node.container_count = counts.get(node, 0)
            for name, size in (('memory_mib', 1024), ('cores', 1), ('disk_gib', 1)):
                field = f'{name.partition("_")[0]}_given_words'
                node[field] = _('%(used)s of %(total)s', used=_number(taken.get(name, 0) / size),
                                total=_number(total[name] / size) if total.get(name) else '∞')

    def action_view_containers(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Containers'), 'res_model': 'saas.container',
                'view_mode': 'list,kanban,form', 'domain': [('node_id', '=', self.id), ('state', '!=', 'gone')]}

    def _health_work(self):
        if self.kind != 'proxmox':
            return super()._health_work()
        try:
            spec, access = self._pve(), self._access()
        except DriverError as error:        # its secrets cannot be opened here
            report = health.Report([health.Look('pve_node', 'failed', {'words': str(error)})])
            return lambda: report
        return lambda: examine_node(spec, access)

    @api.model
    def _part_names(self):
        return {
            **super()._part_names(),
            'pve_api': _('API'), 'pve_version': _('Version'), 'pve_quorum': _('Cluster'), 'pve_pool': _('Resource pool'),
            'pve_rights': _('Privileges'), 'pve_node': _('Machine'), 'pve_storage': _('Storage'), 'pve_backups': _('Backups'),
            'pve_bridge': _('Bridge'), 'pve_node_rights': _('Privileges'), 'pct': _('pct over SSH'),
        }

    @api.model
    def _problem_templates(self):
        return {**super()._problem_templates(), **self._pve_api_problems(), **self._pve_node_problems()}

    @api.model
    def _pve_api_problems(self):
        return {
            'pve_unreachable': _('The API does not answer. Check that Proxmox VE runs, and the address of the cluster. '
                                 '(%(words)s)'),
            'pve_foreign': _('What answers there is no Proxmox VE. Correct the address of the API.'),
            'pve_address': _('Address or token of the cluster are not written as they have to be. (%(words)s)'),
            'pve_tls': _('The API shows a certificate that is not the one to be believed. If it was renewed, enter the new '
                         'fingerprint or authority; if not, somebody stands in between.'),
            'pve_token': _('Proxmox VE refuses the API token. Enter token and secret of the cluster anew.'),
            'pve_privilege': _('The API token lacks a privilege: %(words)s. Give it to the token there.'),
            'pve_old': _('Proxmox VE %(version)s is too old: 8 or later is needed. Upgrade it.'),
            'pve_no_quorum': _('The cluster has lost its quorum: nothing can be changed there. Bring its other nodes back.'),
            'pve_nodes_silent': _('These machines of the cluster do not answer: %(nodes)s.'),
            'pve_no_pool': _('There is no resource pool "%(pool)s". Make it there, or take it out of the cluster here.'),
            'pve_pool_hidden': _('There is no resource pool "%(pool)s", or the API token may not see it. Correct its name here, '
                                 'or give the token Pool.Audit on it.'),
            'pve_rights': _('The API token lacks these privileges on %(path)s: %(privileges)s. Give it a role that has them.'),
        }

    @api.model
    def _pve_node_problems(self):
        return {
            'pve_node_down': _('The machine does not answer the others of its cluster. Check that it runs. (%(words)s)'),
            'pve_missing': _('There is no such machine in the cluster. Correct the name of the node there. (%(words)s)'),
            'pve_parameter': _('There is no such machine in the cluster. Correct the name of the node there. (%(words)s)'),
            'pve_no_storage': _('There is no storage "%(storage)s" on %(node)s. Correct the storage of the node.'),
            'pve_storage_off': _('The storage "%(storage)s" on %(node)s does not work at present. Look into it there.'),
            'pve_storage_content': _('The storage "%(storage)s" may not hold that: add the content type "%(content)s" to it '
                                     'there.'),
            'pve_storage_space': _('Only %(free)s of %(total)s GiB are free on the storage "%(storage)s". Make room, or let the '
                                   'node drain.'),
            'pve_no_bridge': _('There is no bridge "%(bridge)s" on %(node)s; there are: %(known)s. Correct the '
                               'bridge of the node.'),
            'pve_rights_several': _('The API token lacks these privileges: %(privileges)s. Give it a role that has them.'),
            'pct': _('pct cannot be run there with our SSH key. Set the key up as the documentation says. (%(words)s)'),
            'pve_rejected': _('Proxmox VE refuses to answer that. Read its own log. (%(words)s)'),
            'pve_locked': _('Something else is being done there at this moment. Press Test again later. (%(words)s)'),
            'pct_broken': _('pct on the machine cannot be worked with. Try it there by hand. (%(words)s)'),
            'pct_slow': _('pct answers very slowly there. Look at the load of the machine.'),
        }


class SaasCluster(models.Model):
    """What a look at the API of a cluster finds, and the machines it has."""

    _inherit = 'saas.cluster'

    health = fields.Selection([('unknown', 'Unknown'), ('ok', 'Healthy'), ('bad', 'Needs attention')],
                              default='unknown', required=True, readonly=True, copy=False)
    health_checked_at = fields.Datetime('Checked at', readonly=True, copy=False)
    health_looks = fields.Json(readonly=True, copy=False)
    health_list = fields.Html('Checks', compute='_compute_health_words', sanitize=False)
    health_note = fields.Text('What is Wrong', compute='_compute_health_words')
    container_count = fields.Integer('Containers', compute='_compute_container_count')

    @api.depends('health_looks')
    @api.depends_context('lang')
    def _compute_health_words(self):
        node = self.env['saas.node']
        for cluster in self:
            looks = cluster.health_looks or []
            cluster.health_list = look_rows(node, looks)
            cluster.health_note = '\n'.join(node._problem_words(look) for look in looks
                                            if look['problem'] not in ('', 'not_asked')) or False

    def _compute_container_count(self):
        counts = dict(self.env['saas.container']._read_group(
            [('cluster_id', 'in', self.ids), ('state', '!=', 'gone')], ['cluster_id'], ['__count']))
        for cluster in self:
            cluster.container_count = counts.get(cluster, 0)

    def action_view_containers(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Containers'), 'res_model': 'saas.container',
                'view_mode': 'list,kanban,form', 'domain': [('cluster_id', '=', self.id), ('state', '!=', 'gone')]}

    def action_test(self):
        """Ask the cluster and its nodes now, and name what is wrong."""
        self.check_access('write')
        self.env['saas.audit']._note('test', self)
        transaction = self.env['saas.operation']._transaction
        for cluster, work in transaction(lambda: [(one, one._health_work()) for one in self]):
            report = work()
            transaction(lambda c=cluster, r=report: c._note_health(r))
        self.node_ids._check_health()
        bad = [one for one in (*self, *self.node_ids) if one.health != 'ok']
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': 'danger' if bad else 'success', 'sticky': bool(bad),
            'title': _('The cluster needs attention') if bad else _('The cluster is healthy'),
            'message': '\n'.join(f'{one.name}: {one.health_note}' for one in bad) if bad else ', '.join(self.mapped('name')),
            'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}

    def _health_work(self):
        try:
            cluster = self._api()
        except DriverError as error:
            report = health.Report([health.Look('pve_api', 'failed', {'words': str(error)})])
            return lambda: report
        return lambda: examine_cluster(cluster)

    def _note_health(self, report):
        self.sudo().write({'health': 'bad' if report.problems else 'ok', 'health_checked_at': fields.Datetime.now(),
                           'health_looks': [asdict(look) for look in report.looks]})

    def action_find_nodes(self):
        """Make a node of each machine of the cluster that is none yet; somebody completes and tests them."""
        self.ensure_one()
        self.check_access('write')
        cluster = self._api()

        def ask():
            with PveSession(cluster) as session:
                return [row['node'] for row in session.get('nodes')]
        with self._user_errors():
            names = ask()
        nodes = self.env['saas.node'].with_context(active_test=False)
        known = set(nodes.search([('cluster_id', '=', self.id)]).mapped('pve_node'))
        made = nodes.create([{
            'name': f'{self.name} {name}', 'kind': 'proxmox', 'cluster_id': self.id, 'pve_node': name,
            'address_pattern': (self.node_ids[:1] or nodes.search([], limit=1)).address_pattern or 'https://{name}.example.com',
            'router_id': (self.node_ids[:1].router_id or nodes.search([('kind', '=', 'shared')], limit=1)).id}
            for name in sorted(names) if name not in known])
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': 'success', 'title': _('Nodes of the cluster'),
            'message': _('New: %s. Enter storage, bridge and SSH access of each, then press Test.',
                         ', '.join(made.mapped('pve_node'))) if made else _('Every machine of the cluster is a node already.'),
            'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    uptime_words = fields.Char('Up since', compute='_compute_uptime_words')

    @api.depends('uptime_seconds')
    @api.depends_context('lang')
    def _compute_uptime_words(self):
        for container in self:
            hours, days = container.uptime_seconds // 3600 % 24, container.uptime_seconds // 86400
            container.uptime_words = _('%(days)s days, %(hours)s hours', days=days, hours=hours)


def _number(value):
    return f'{value:.1f}'.removesuffix('.0')
