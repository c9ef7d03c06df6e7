"""What Proxmox VE says of our containers, compared with the records by a cron: one call for a cluster.

Nothing is mended here. What somebody did by hand is shown on the container and its tenant, and a person is asked to look;
only a move to another node of ours is followed.
"""
import logging
from concurrent.futures import ThreadPoolExecutor

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..const import STAFF
from ..drivers.errors import DriverError
from ..drivers.pve.observe import observe
from .saas_container import NUMBER_TAKEN
from .saas_operation_runner import NOW

_logger = logging.getLogger(__name__)

AT_ONCE = 4             # clusters asked at the same time
MOST_DOUBTS = 50        # containers that are looked for one by one in one turn
MIB = 2**20

# What an operation works on, or has worked on since Proxmox VE was asked, is left to it.
KNOWN = """
    SELECT c.id, c.vmid, c.mark, c.state, COALESCE(c.is_halted, FALSE), COALESCE(c.problem_code, ''), n.pve_node,
           EXISTS (SELECT FROM saas_operation o
                     LEFT JOIN saas_tenant t ON t.id = o.tenant_id LEFT JOIN saas_standby s ON s.id = o.standby_id
                    WHERE (t.container_id = c.id OR s.container_id = c.id)
                      AND (o.state IN ('waiting', 'running') OR o.ended_at >= %s))
      FROM saas_container c JOIN saas_node n ON n.id = c.node_id
     WHERE c.cluster_id = %s AND c.state NOT IN ('planned', 'gone') ORDER BY c.id"""
METRICS = ('cpu_percent', 'memory_used_mib', 'disk_used_mib', 'uptime_seconds', 'lock', 'observed_at')
# not by the ORM: no tracking, no write_date
WRITE = f"""
    UPDATE saas_container c
       SET cpu_percent = v.cpu, memory_used_mib = v.memory, disk_used_mib = v.disk, uptime_seconds = v.uptime, lock = v.lock,
           observed_at = {NOW}
      FROM (VALUES {{}}) AS v (id, cpu, memory, disk, uptime, lock) WHERE c.id = v.id"""
ROW = '(%s, %s::numeric, %s::int, %s::int, %s::int, %s::varchar)'


class Known:
    """A row of ``KNOWN``."""

    def __init__(self, row):
        self.id, self.vmid, self.mark, self.state, self.is_halted, self.problem, self.node, self.is_busy = row


def judge(known, seen, nodes):
    """What a look at a container tells: values to write; ``None`` where it has to be looked for by itself.

    ``seen``: what Proxmox VE lists under its number, or None; ``nodes``: names of the machines that are nodes here.
    """
    if seen is None or seen.mark != known.mark:
        return None
    if seen.node not in nodes:
        return {'state': _state(known, seen), 'problem_code': 'elsewhere'}
    problem = {('stopped', False): 'stopped', ('running', True): 'started'}.get((_state(known, seen), known.is_halted), False)
    values = {'state': _state(known, seen), 'problem_code': problem}
    return {**values, 'node': seen.node} if seen.node != known.node else values


def _state(known, seen):
    """A machine that is down says nothing of its containers."""
    return seen.state if seen.state in ('running', 'stopped') else known.state


class SaasCluster(models.Model):
    _inherit = 'saas.cluster'

    @api.model
    def _cron_watch(self):
        self.search([('container_ids.state', 'not in', ('planned', 'gone'))])._watch()

    def _watch(self):
        """Ask all of them at once, with no transaction open; returns what could not be asked, in words."""
        transaction, problems = self.env['saas.operation']._transaction, []
        began, works = transaction(lambda: (self._database_now(), [(cluster, cluster._watch_work()) for cluster in self]))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [(cluster, pool.submit(work)) for cluster, work in works]
            for cluster, answer in asked:
                try:
                    found = answer.result()
                except DriverError as error:
                    _logger.info('The containers of %s could not be looked at: %s', cluster.name, error)
                    problems.append(f'{cluster.name}: {error}')
                    continue
                doubtful = transaction(lambda c=cluster, f=found: c._note_seen(f, began))
                cluster._look_for(doubtful, began)
        self.env['saas.container']._sync_moved_routes()
        return problems

    def _database_now(self):
        self.env.cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
        return self.env.cr.fetchone()[0]

    def _watch_work(self):
        """The outside part: what Proxmox VE lists. A secret that cannot be opened here is told by the health check."""
        try:
            cluster = self._api()
        except DriverError as error:
            def refuse(problem=error):
                raise problem
            return refuse
        return lambda: observe(cluster).containers

    def _known(self, began):
        self.env.flush_all()
        self.env.cr.execute(KNOWN, [began, self.id])
        return [Known(row) for row in self.env.cr.fetchall()]

    def _note_seen(self, found, began):
        """Write what was seen; returns the containers that are not where they should be, to be looked for by themselves."""
        by_number, doubtful = {seen.vmid: seen for seen in found}, self.env['saas.container']
        all_known = self._known(began)
        containers = doubtful.browse(known.id for known in all_known)       # read together
        nodes = {node.pve_node: node for node in self.node_ids.filtered('active')}
        metrics = []
        for known, container in zip(all_known, containers, strict=True):
            seen = by_number.get(known.vmid)
            values = judge(known, seen, nodes)
            if values is None:
                doubtful |= container if not known.is_busy else doubtful
                continue
            metrics.append((known.id, seen))
            if not known.is_busy:
                container._note_look(values, nodes)
        doubtful._write_metrics(metrics)
        return doubtful[:MOST_DOUBTS]

    def _look_for(self, containers, began):
        """One by one, since a token that has lost a right sees nothing either: only a clear answer counts."""
        transaction = self.env['saas.operation']._transaction
        for container in containers:
            try:
                values = _doubt(transaction(container._look_work))
            except DriverError as error:
                _logger.info('Container %s could not be looked for: %s', container.vmid, error)
                continue
            if values:
                transaction(lambda c=container, v=values: c._note_doubt(v, began))


def _doubt(look):
    """What is to be written of a container that is not listed as ours; None when it is there after all."""
    try:
        return {'state': 'missing', 'problem_code': 'missing'} if look() == 'absent' else None
    except DriverError as error:
        if error.problem != NUMBER_TAKEN:
            raise
        return {'state': 'foreign', 'problem_code': 'foreign'}


class SaasContainer(models.Model):
    _inherit = 'saas.container'

    moved_from_id = fields.Many2one('saas.node', readonly=True, copy=False, ondelete='set null',
                                    help='Whose router has still to learn that it was moved.')

    def action_look_again(self):
        """Compare with Proxmox VE now."""
        if not self.env.user.has_group(STAFF):
            raise AccessError(_('Only staff ask the nodes.'))
        self.check_access('read')
        self.env['saas.audit']._note('look_again', self)
        problems = self.sudo().cluster_id._watch()
        return self._told_look(problems)

    def _look_work(self):
        spec = self._tenant_spec()
        return self.node_id._on_host(lambda host: host.look(spec))

    # -- what was seen --------------------------------------------------------------------------

    def _note_doubt(self, values, began):
        """Unless an operation has begun meanwhile."""
        known = [known for known in self.cluster_id._known(began) if known.id == self.id and not known.is_busy]
        if known:
            self._note_look(values, {})

    def _note_look(self, values, nodes):
        """Write what is new about it, follow a move, and tell people of a change."""
        self.ensure_one()
        target = nodes.get(values.pop('node', None))
        if target and target.address_pattern != self.node_id.address_pattern:
            values['problem_code'], target = 'address', None
        before = self.problem_code
        changed = {name: value for name, value in values.items() if (self[name] or False) != (value or False)}
        if target:
            changed.update(self._follow(target))
        if changed:
            self.write(changed)
        if before != self.problem_code:
            self._tell_problem()

    def _follow(self, node):
        """Who has it goes along; values for itself."""
        self.message_post(body=self._words_moved(node))
        self.tenant_ids.node_id = node
        self.standby_ids.node_id = node
        return {'node_id': node.id, 'moved_from_id': (self.moved_from_id or self.node_id).id}

    def _write_metrics(self, metrics):
        rows = [(container, round(100 * (seen.cpu or 0), 1), (seen.memory or 0) // MIB, (seen.disk or 0) // MIB,
                 seen.uptime or 0, seen.lock or None) for container, seen in metrics]
        if not rows:
            return
        self.env.flush_all()
        self.env.cr.execute(WRITE.format(', '.join([ROW] * len(rows))), [value for row in rows for value in row],
                            log_exceptions=False)      # conflicts are repeated
        self.browse(row[0] for row in rows).invalidate_recordset(METRICS)

    # -- routes of what was moved ---------------------------------------------------------------

    @api.model
    def _sync_moved_routes(self):
        """Both routers learn it; what fails is tried again at the next turn."""
        transaction = self.env['saas.operation']._transaction
        for container in transaction(lambda: self.search([('moved_from_id', '!=', False)])):
            try:
                for node in transaction(lambda c=container: c.moved_from_id | c.node_id):
                    transaction(node._sync_routes)()
            except DriverError as error:
                _logger.info('Routes of the moved container %s: %s', container.vmid, error)
                continue
            transaction(lambda c=container: c.write({'moved_from_id': False}))
