"""Whether a Proxmox VE can be worked with: the API of a cluster, and one of its nodes. What is wrong gets a code.

Codes instead of sentences, as in ``health``: who reads them reads his own language. Nothing is changed there.
Privileges: https://pve.proxmox.com/wiki/User_Management, checked one by one where they are needed.
"""
import re
import time

from ..errors import AuthError, DriverError, NotFound
from ..health import CLOCK_SKEW, Load, Report, attempt
from ..looks import Look, Wrong
from .api import PveSession

OLDEST = 8              # major version of Proxmox VE
LEAST_FREE = 0.05       # of a storage
PCT_TIMEOUT = 30        # seconds

# Where containers are the token needs these: on /pool/<name>, or on /vms without a pool.
ON_CONTAINERS = (
    'Pool.Audit', 'VM.Allocate', 'VM.Clone', 'VM.Audit', 'VM.PowerMgmt', 'VM.Config.Disk', 'VM.Config.CPU', 'VM.Config.Memory',
    'VM.Config.Network', 'VM.Config.Options', 'VM.Snapshot', 'VM.Snapshot.Rollback', 'VM.Backup')
ON_STORAGE = ('Datastore.AllocateSpace', 'Datastore.Audit')
ON_NODE = ('Sys.Audit',)
ON_BRIDGE = ('SDN.Use',)        # since version 8


def examine_cluster(api):
    """A ``health.Report`` on the API of ``api`` (``spec.PveApi``): address, trust, token, version, quorum, pool, rights."""
    looks, session = [], None
    try:
        session = PveSession(api)
        version = session.get('version')
    except DriverError as error:
        looks.append(Look('pve_api', error.problem or 'failed', {'words': getattr(error, 'words', str(error))}))
        looks += [Look(part, 'not_asked') for part in ('pve_version', 'pve_quorum', 'pve_pool', 'pve_rights')]
        return Report(looks)
    with session:
        looks = [Look('pve_api'), attempt('pve_version', _version, version), attempt('pve_quorum', _quorum, session),
                 attempt('pve_pool', _pool, session, api), attempt('pve_rights', _rights, session, api)]
    return Report(looks)


def examine_node(spec, access):
    """A ``health.Report`` on one node: is it up, storages, bridge, rights there, and ``pct`` over SSH; and its load."""
    try:
        session = PveSession(spec.api)
        status = session.get(f'nodes/{spec.name}/status')
    except DriverError as error:
        parts = ('pve_storage', 'pve_backups', 'pve_bridge', 'pve_node_rights')
        words = getattr(error, 'words', str(error))
        problem = 'pve_missing' if 'hostname lookup' in words else error.problem or 'failed'
        first = Look('pve_node', problem, {'words': words, 'node': spec.name})
        return Report([first, *(Look(part, 'not_asked') for part in parts), attempt('pct', _pct, access)])
    with session:
        found = {}
        looks = [Look('pve_node'), attempt('pve_storage', _storage, session, spec, found),
                 attempt('pve_backups', _backups, session, spec), attempt('pve_bridge', _bridge, session, spec),
                 attempt('pve_node_rights', _node_rights, session, spec), attempt('pct', _pct, access)]
    return Report(looks, _load(status, found))


# -- of the cluster ----------------------------------------------------------------------


def _version(version):
    match = re.match(r'(\d+)', str(version.get('version', '')))
    if not match or int(match[1]) < OLDEST:
        raise Wrong('pve_old', version=version.get('version', '?'))


def _quorum(session):
    rows = session.get('cluster/status')
    cluster = next((row for row in rows if row.get('type') == 'cluster'), None)
    if cluster and not cluster.get('quorate'):
        raise Wrong('pve_no_quorum', words='')
    silent = sorted(row['name'] for row in rows if row.get('type') == 'node' and not row.get('online'))
    if silent:
        raise Wrong('pve_nodes_silent', nodes=', '.join(silent))


def _pool(session, api):
    if not api.pool:
        return
    try:
        session.get(f'pools/{api.pool}')
    except NotFound:
        raise Wrong('pve_no_pool', pool=api.pool) from None
    except AuthError as error:          # the right to see it is looked for first, also of one that does not exist
        if error.problem != 'pve_privilege':
            raise
        raise Wrong('pve_pool_hidden', pool=api.pool) from None


def _rights(session, api):
    """Every one that lacks is named."""
    path = f'/pool/{api.pool}' if api.pool else '/vms'
    held = _held(session, path)
    missing = [name for name in ON_CONTAINERS if name not in held and (api.pool or name != 'Pool.Audit')]
    if missing:
        raise Wrong('pve_rights', path=path, privileges=', '.join(missing))


def _held(session, path):
    """Privileges of the token on ``path``, with what it has from the paths above and is handed on (``propagate``, its value)."""
    granted, held = session.get('access/permissions'), set()
    for where, privileges in granted.items():
        if where in ('/', path) or path.startswith(f'{where}/'):
            held |= {name for name, value in privileges.items() if value or where == path}
    return held


# -- of a node -----------------------------------------------------------------------------


def _storage(session, spec, found):
    row = _storage_row(session, spec, spec.storage)
    if 'rootdir' not in (row.get('content') or '').split(','):
        raise Wrong('pve_storage_content', storage=spec.storage, content='rootdir')
    found.update(disk_total=row.get('total'), disk_free=row.get('avail'))
    if row.get('total') and row.get('avail', 0) < row['total'] * LEAST_FREE:
        raise Wrong('pve_storage_space', storage=spec.storage, free=round(row['avail'] / 2**30, 1),
                    total=round(row['total'] / 2**30, 1))


def _backups(session, spec):
    if spec.backup_storage and 'backup' not in (_storage_row(session, spec, spec.backup_storage).get('content') or '').split(','):
        raise Wrong('pve_storage_content', storage=spec.backup_storage, content='backup')


def _storage_row(session, spec, name):
    rows = session.get(f'nodes/{spec.name}/storage')
    row = next((row for row in rows if row['storage'] == name), None)
    if row is None:
        raise Wrong('pve_no_storage', storage=name, node=spec.name)
    if not row.get('active', 1):
        raise Wrong('pve_storage_off', storage=name, node=spec.name)
    return row


def _bridge(session, spec):
    names = {row['iface'] for row in session.get(f'nodes/{spec.name}/network', type='any_bridge')}
    if spec.bridge not in names:
        raise Wrong('pve_no_bridge', bridge=spec.bridge, node=spec.name, known=', '.join(sorted(names)) or '–')


def _node_rights(session, spec):
    """On the node, its storages and its bridge, all in one sentence."""
    wanted = [(f'/nodes/{spec.name}', ON_NODE), (f'/storage/{spec.storage}', ON_STORAGE),
              (f'/sdn/zones/localnetwork/{spec.bridge}', ON_BRIDGE)]
    if spec.backup_storage and spec.backup_storage != spec.storage:
        wanted.append((f'/storage/{spec.backup_storage}', ON_STORAGE))
    missing = []
    for path, needed in wanted:
        held = _held(session, path)
        missing += [f'{privilege} ({path})' for privilege in needed if privilege not in held]
    if missing:
        raise Wrong('pve_rights_several', privileges=', '.join(missing))


def _pct(access):
    """Our key reaches the node and may run ``pct``."""
    asked_at = time.time()
    with access.open() as transport:
        result = transport.run(('pct', 'list'), PCT_TIMEOUT)
    if result.exit_code:
        raise Wrong('pct', words=(result.stderr or result.stdout).strip()[-300:])
    if time.time() - asked_at > CLOCK_SKEW:
        raise Wrong('pct_slow')


def _load(status, found):
    memory, cores = status.get('memory') or {}, (status.get('cpuinfo') or {}).get('cpus')
    averages = status.get('loadavg') or []
    free = memory.get('free', memory.get('available'))
    return Load(
        cpu_count=cores, load_average=float(averages[1]) if len(averages) > 1 else None,
        memory_total=memory.get('total'), memory_available=memory.get('available', free),
        disk_total=found.get('disk_total'), disk_free=found.get('disk_free'))
