"""Tenants with containers of their own in every state, on a cluster of three machines, as screens for people show them.

Written beneath Odoo and taken away again; nothing of them exists outside, so crons that would look for it rest meanwhile.
"Taller" is another cluster, with a real API on loopback (``tests/fakes/pve``), where buttons have something to act on.
"""
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

from ..fakes.pve import FakePve, stand_in
from ..stack.ports import loopback_subnet
from .domain_business import _ago, _look, insert

CLUSTER, WORKSHOP, PLAN = 'Madrid', 'Taller', 'own-server'
RESTING = ('cron_container_watch', 'cron_standby', 'cron_node_health', 'cron_template_check', 'cron_usage')
CLUSTER_LOOKS = ('pve_api', 'pve_version', 'pve_quorum', 'pve_pool', 'pve_rights')
NODE_LOOKS = ('pve_node', 'pve_storage', 'pve_backups', 'pve_bridge', 'pve_node_rights', 'pct')
SPACE = {'free': '11', 'total': '400', 'storage': 'local-zfs', 'node': 'pve-c'}
RESOURCES = {'memory_mib': 4096, 'cores': 2, 'disk_gib': 40}
# tenant, company, its state, node, values of its container; numbers from 10001 on, addresses from 10.10.10.10 on
TENANTS = (
    ('aurora', 'Aurora Clínica', 'running', 'pve-a', {'cpu_percent': 31.4, 'memory_used_mib': 2870, 'disk_used_mib': 18_600}),
    ('bosque', 'Bosque Viveros', 'running', 'pve-a', {'state': 'stopped', 'problem_code': 'stopped'}),
    ('cumbre', 'Cumbre Legal', 'suspended', 'pve-b', {'state': 'stopped', 'is_halted': True}),
    ('delfin', 'Delfín Náutica', 'running', 'pve-b', {'state': 'missing', 'problem_code': 'missing'}),
    ('encina', 'Encina Quesos', 'running', 'pve-c', {'state': 'foreign', 'problem_code': 'foreign'}),
    ('fuego', 'Fuego Hostelería', 'running', 'pve-c', {'cpu_percent': 88.0, 'memory_used_mib': 3990, 'disk_used_mib': 38_900}),
)
MARK = '5a' * 16        # of the container at the workshop
FAILED = ('The storage local-zfs on pve-c is full. Make room there, or let the node use another storage, then retry.')


@contextmanager
def dedicated_business(world):
    """``{name: id}`` of tenants; ``cluster``, ``pool``, ``plan``, ``template``, ``pve-a``…, ``standbys``, ``company`` besides."""
    sql, staff = world.master_sql, world.staff()
    resting = [one for one, in sql("""
        UPDATE ir_cron SET active = false WHERE active AND id IN (
            SELECT res_id FROM ir_model_data WHERE module = 'saas_master' AND name IN %s) RETURNING id""", RESTING)]
    try:
        yield Business(world, staff, sql).make()
    finally:
        _sweep(sql)
        sql('UPDATE ir_cron SET active = true WHERE id = ANY(%s)', resting)


def _sweep(sql):
    nodes = "SELECT n.id FROM saas_node n JOIN saas_cluster c ON c.id = n.cluster_id WHERE c.name IN %s"
    names = (CLUSTER, WORKSHOP)
    for statement in (
            f'DELETE FROM saas_standby WHERE node_id IN ({nodes})', f'DELETE FROM saas_standby_pool WHERE node_id IN ({nodes})',
            f'DELETE FROM saas_tenant WHERE node_id IN ({nodes})', f'DELETE FROM saas_container WHERE node_id IN ({nodes})',
            f'DELETE FROM saas_template WHERE node_id IN ({nodes})', f'DELETE FROM saas_node WHERE id IN ({nodes})',
            'DELETE FROM saas_ip_address WHERE pool_id IN (SELECT id FROM saas_ip_pool WHERE name IN %s)',
            'DELETE FROM saas_ip_pool WHERE name IN %s', 'DELETE FROM saas_cluster WHERE name IN %s'):
        sql(statement, names)
    sql('DELETE FROM saas_plan WHERE code = %s', PLAN)


class Business:
    def __init__(self, world, staff, sql):
        self.world, self.staff, self.sql, self.made = world, staff, sql, {}

    def make(self):
        _sweep(self.sql)        # of a run that was killed
        staff, made = self.staff, self.made
        staff.session.prove('secret')
        made['cluster'] = cluster(staff, CLUSTER, 'https://pve.madrid.example:8006', 'none')
        for name, values in (('pve-a', {}), ('pve-b', {'is_draining': True}), ('pve-c', {})):
            made[name] = node(staff, made['cluster'], name, region='es', **values)
        self._health()
        self._plan_and_template()
        made['pool'] = self._addresses()
        made['company'] = staff.call('res.partner', 'create', {'name': TENANTS[0][1], 'is_company': True})
        for number, tenant in enumerate(TENANTS):
            self._tenant(number, *tenant)
        self._standbys()
        return made

    def _plan_and_template(self):
        made, staff = self.made, self.staff
        made['plan'] = staff.call('saas.plan', 'create', {
            'name': 'Own server', 'code': PLAN, 'sequence': 40, 'isolation': 'dedicated', 'price': 199, 'trial_days': 0,
            'template_name': 'template_own', 'cpu_cores': 2, 'memory_mib': 4096, 'disk_gib': 40, 'user_limit': 0,
            'domain_limit': 25, 'region': 'es', 'tagline': 'A container of your own'})
        staff.call('saas.plan', 'write', [made['plan']], {'name': 'Servidor propio', 'tagline': 'Un contenedor para usted'},
                   context={'lang': 'es_ES'})
        made['template'] = staff.call('saas.template', 'create', {
            'name': 'template_own', 'node_id': made['pve-a'], 'module_names': 'website,crm',
            'os_template': 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst', 'build_address': '10.10.10.9/24',
            'build_gateway': '10.10.10.1'})
        self.sql("""UPDATE saas_template SET state = 'ready', version = 3, vmid = 10000, database_name = 'saas_golden',
                    built_at = %s, size_mib = 2310 WHERE id = %s""",
                 _ago(self.sql, 60 * 24 * 3), made['template'])

    def _health(self):
        sql = self.sql
        sql('UPDATE saas_cluster SET health = %s, health_looks = %s::jsonb, health_checked_at = %s, vmid_next = 10011 '
            'WHERE id = %s', 'ok', _looks(CLUSTER_LOOKS), _ago(sql, 4), self.made['cluster'])
        for number, name in enumerate(('pve-a', 'pve-b', 'pve-c')):
            looks = _looks(NODE_LOOKS, **({'pve_storage': ('pve_storage_space', SPACE)} if name == 'pve-c' else {}))
            sql("""UPDATE saas_node SET health = %s, health_looks = %s::jsonb, health_checked_at = %s, cpu_count = 32,
                   load_average = %s, cpu_percent = %s, memory_total_mib = 131072, memory_available_mib = %s,
                   memory_percent = %s, disk_total_gib = 400, disk_free_gib = %s, disk_percent = %s WHERE id = %s""",
                'bad' if name == 'pve-c' else 'ok', looks, _ago(sql, 4), 6 + number, 19 + number * 3,
                90_000 - number * 20_000, 31 + number * 15, (250, 190, 11)[number], (38, 52, 97)[number], self.made[name])

    def _addresses(self):
        """A pool of its own; the first are given to containers, two are reserved."""
        pool = address_pool(self.staff, CLUSTER, self.made['cluster'], '10.10.10')
        self.sql("""UPDATE saas_ip_address SET state = 'reserved', note = %s, since = %s
                     WHERE pool_id = %s AND address IN ('10.10.10.40', '10.10.10.41')""",
                 'VPN', _ago(self.sql, 60 * 24 * 40), pool)
        return pool

    def _address(self, number):
        return self.sql("""UPDATE saas_ip_address SET state = 'used', since = %s
                            WHERE pool_id = %s AND address = %s RETURNING id""",
                        _ago(self.sql, 9000 + number), self.made['pool'], f'10.10.10.{10 + number}')[0][0]

    def _container(self, number, name, where, **values):
        seen = _ago(self.sql, 2) if values.get('state', 'running') in ('running', 'stopped') else None
        return insert(self.sql, 'saas_container', **{
            'name': name, 'cluster_id': self.made['cluster'], 'node_id': self.made[where], 'vmid': 10001 + number,
            'mark': f'dedicated-{number}', 'ip_address_id': self._address(number), 'template_id': self.made['template'],
            'template_version': 3, 'state': 'running', 'observed_at': seen, 'uptime_seconds': 500_000, **RESOURCES, **values})

    def _tenant(self, number, name, company, state, where, values):
        container = self._container(number, name, where, **values)
        self.made[name] = insert(self.sql, 'saas_tenant', **{
            'name': name, 'partner_id': self.made['company'] if not number else None, 'company_name': company,
            'email': f'ann@{name}.example', 'admin_name': 'Ann Example', 'lang': 'es_ES', 'plan_id': self.made['plan'],
            'node_id': self.made[where], 'template_id': self.made['template'], 'template_version': 3, 'state': state,
            'mark': f'dedicated-{number}', 'database_name': 'odoo', 'url': f'http://{name}.localhost',
            'host': f'{name}.localhost',
            'urgency': 'fine', 'attention': 0, 'container_id': container, 'live_at': _ago(self.sql, 90_000),
            'usage_at': _ago(self.sql, 30), 'usage_users': 14, 'usage_database_mib': 3100, 'usage_files_mib': 9400})
        self.made[f'container-{name}'] = container
        if state == 'suspended':
            self.sql("""INSERT INTO saas_tenant_suspension_rel (tenant_id, reason_id)
                        SELECT %s, id FROM saas_suspension_reason WHERE code = 'customer'""", self.made[name])

    def _standbys(self):
        made, sql = self.made, self.sql
        for where, wanted, values in (('pve-a', 3, {}), ('pve-c', 1, {'failures': 2, 'last_error': FAILED})):
            pool = self.staff.call('saas.standby.pool', 'create', {
                'plan_id': made['plan'], 'node_id': made[where], 'wanted': wanted})
            made[f'pool-{where}'] = pool
            for key, value in values.items():
                sql(f'UPDATE saas_standby_pool SET {key} = %s WHERE id = %s', value, pool)
        for number, state in ((6, 'ready'), (7, 'ready'), (8, 'building')):
            mark = f'{number:08x}'
            container = self._container(number, f'standby-{mark}', 'pve-a', **({} if state == 'ready' else {'state': 'planned'}))
            insert(sql, 'saas_standby', pool_id=made['pool-pve-a'], plan_id=made['plan'], node_id=made['pve-a'], state=state,
                   mark=mark, template_id=made['template'], template_version=3, container_id=container, database_name='odoo',
                   ready_at=_ago(sql, 60 * 24 * number) if state == 'ready' else None)


def _looks(parts, **wrong):
    found = [(part, *wrong.get(part, ('', {}))) for part in parts]
    return json.dumps([_look(part, problem, **values) for part, problem, values in found])


def cluster(staff, name, url, secret, **values):
    return staff.call('saas.cluster', 'create', {
        'name': name, 'api_url': url, 'token_id': 'saas@pve!master', 'token_secret': secret, 'pve_pool': 'saas', **values})


def node(staff, cluster_id, name, **values):
    return staff.call('saas.node', 'create', {
        'name': name, 'kind': 'proxmox', 'cluster_id': cluster_id, 'pve_node': name, 'storage': 'local-zfs',
        'backup_storage': 'backups', 'bridge': 'vmbr1', 'address_pattern': 'https://{name}.example.com', **values})


def address_pool(staff, name, cluster_id, net):
    pool = staff.call('saas.ip_pool', 'create', {
        'name': name, 'network': f'{net}.0/24', 'gateway': f'{net}.1', 'bridge': 'vmbr1', 'first': f'{net}.10',
        'last': f'{net}.41', 'cluster_ids': [(6, 0, [cluster_id])]})
    staff.call('saas.ip_pool', 'action_fill', [pool])
    return pool


@contextmanager
def workshop(world, business):
    """A cluster that answers, whose container is a page: gives ``(pve, {cluster, node, container, tenant})``."""
    staff, sql, net = world.staff(), world.master_sql, loopback_subnet()
    with tempfile.TemporaryDirectory() as state, FakePve(runtime='pages', arguments=('--state', state)) as pve:
        stand_in.note(Path(state) / stand_in.FOLDER, 20001, {**stand_in.NEW, 'state': 'published'})
        staff.session.prove('secret')
        made = {'cluster': cluster(staff, WORKSHOP, pve.url, pve.token_secret, trust='ca', ca_certificate=pve.ca_text)}
        made['node'] = node(staff, made['cluster'], 'pve1', storage=pve.storage,
                            backup_storage=pve.backup_storage, bridge=pve.bridge)
        pool = address_pool(staff, WORKSHOP, made['cluster'], net)
        sql("UPDATE saas_ip_address SET state = 'used' WHERE pool_id = %s AND address = %s", pool, f'{net}.10')
        address, = sql("SELECT id FROM saas_ip_address WHERE pool_id = %s AND address = %s", pool, f'{net}.10')[0]
        pve.control.create(20001, 'gaviota', 'pve1', description=f'saas:{MARK}\n', tags=f'saas;saas-{MARK}', memory=4096, cores=2,
                           net0=f'name=eth0,bridge={pve.bridge},ip={net}.10/24')
        pve.control.start(20001)
        made['container'] = insert(
            sql, 'saas_container', name='gaviota', cluster_id=made['cluster'], node_id=made['node'], vmid=20001, state='running',
            mark=MARK, ip_address_id=address, template_version=3, observed_at=_ago(sql, 2), **RESOURCES)
        made['tenant'] = insert(
            sql, 'saas_tenant', name='gaviota', company_name='Gaviota Cine', email='ann@gaviota.example',
            admin_name='Ann Example', lang='es_ES', plan_id=business['plan'], node_id=made['node'], state='running', mark=MARK,
            database_name='odoo', url='http://gaviota.localhost', host='gaviota.localhost', urgency='fine', attention=0,
            container_id=made['container'], live_at=_ago(sql, 9000))
        yield pve, made
