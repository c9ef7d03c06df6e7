"""Many dedicated sign-ups at once on a cluster in trouble: each ends live or cleanly failed, and nothing is given twice."""
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

from .. import journey_steps as steps
from ..client import Visitor, Wrong
from .dedicated_cloud import NAMES
from .figures import Row

SECONDS = 900           # until the last one has ended
DYING = 'storm3'
DEAD_SECONDS = 15       # of one node, from the moment when a third is live
VISITORS = 16


class Storm:

    def __init__(self, cloud, count, dead_seconds=DEAD_SECONDS):
        self.cloud, self.world, self.count, self.dead_seconds = cloud, cloud.world, count, dead_seconds
        tag = secrets.token_hex(3)
        self.orders = [steps.Order(f'storm-{tag}-{number}', 'Storm', f'storm-{tag}-{number}@bench.example', plan=NAMES.plan)
                       for number in range(count)]
        self.names = [order.name for order in self.orders]

    def run(self):
        """(live, failed, what is wrong)."""
        ready = [self._ordered(order) for order in self.orders]
        self._trouble()
        with ThreadPoolExecutor(VISITORS) as pool:
            list(pool.map(lambda one: steps.confirm(*one), ready))
        self._until(lambda: self._live() >= self.count // 3 and self._on_the_dying(), 'a third is live')
        self.cloud.pve.control.node_down(DYING)
        time.sleep(self.dead_seconds)
        self.cloud.pve.control.node_up(DYING)
        tenants = self._until(lambda: self.cloud.settled(self.names), 'all have ended')
        spared = [fault['kind'] for fault in self.cloud.pve.control.faults() if fault['times']]
        self.cloud.pve.control.heal()
        live, failed, wrong = self._judged(tenants)
        return live, failed, wrong + [f'{kind} has not happened' for kind in spared]

    def _ordered(self, order):
        visitor = Visitor(self.world.url)
        steps.sign_up(self.world, visitor, order)
        return visitor, steps.confirmation_page(self.world, visitor, order)

    def _trouble(self):
        control = self.cloud.pve.control
        control.fail_some(5)
        control.fail('/status/start', 'POST', message='CT is locked (backup)', times=self.count // 6 + 1)
        control.fail('/clone', 'POST', kind='drop_after', times=2)
        control.collide(self.count // 10 + 1)

    def _live(self):
        query = "SELECT count(*) FROM saas_tenant WHERE state = 'running' AND name = ANY(%s)"
        return self.world.master_sql(query, self.names)[0][0]

    def _on_the_dying(self):
        return [vmid for vmid, one in self.cloud.pve.control.containers().items() if one['node'] == DYING and not one['template']]

    def _until(self, look, what):
        deadline = time.monotonic() + SECONDS
        while not (found := look()):
            if time.monotonic() > deadline:
                raise Wrong(f'Not after {SECONDS} s: {what}; {self._live()} of {self.count} are live.')
            time.sleep(0.5)
        return found

    # -- what is left ---------------------------------------------------------------------------

    def _judged(self, tenants):
        live = [tenant['name'] for tenant in tenants if tenant['state'] == 'running']
        failed = [tenant['name'] for tenant in tenants if tenant['state'] == 'failed']
        wrong = [f'{tenant["name"]} is {tenant["state"]}' for tenant in tenants if tenant['name'] not in (*live, *failed)]
        if len(tenants) != self.count:
            wrong.append(f'{len(tenants)} of {self.count} tenants are there')
        for name in live:
            steps.login_page(self.world, name)
        return live, failed, wrong + self._doubles() + self._orphans(live)

    def _doubles(self):
        """Of everything that is one container's alone, by record and by what the cluster has."""
        kept, found, held = self.cloud.kept(), [], self.cloud.held()
        configs = [one['config'] for vmid, one in self.cloud.pve.control.containers().items() if vmid in held]
        nets = [config.get('net0', '').partition('ip=')[2].partition('/')[0] for config in configs]
        for what, values in (('number', self.cloud.numbers()), ('name', [one['name'] for one in kept]),
                             ('address', [one['ip_address_id'][0] for one in kept]), ('address there', list(filter(None, nets))),
                             ('name there', [config.get('hostname') for config in configs])):
            found += [f'{what} {value} twice' for value in set(values) if values.count(value) > 1]
        return found

    def _orphans(self, live):
        kept, held = {one['vmid']: one for one in self.cloud.kept()}, self.cloud.held()
        found = [f'container {vmid} belongs to nobody' for vmid, mark in held.items()
                 if vmid not in kept or kept[vmid]['mark'] != mark]
        found += [f'container {vmid} of {one["name"]} is only on record' for vmid, one in kept.items() if vmid not in held]
        found += [f'{one["name"]} keeps what it does not have' for one in kept.values() if one['name'] not in live]
        in_use = self.cloud.addresses_in_use()
        return found + [f'{in_use} addresses are in use, by {len(kept)} containers'] * (in_use != len(kept))

    def clear(self):
        self.cloud.pve.control.heal()
        for name in self.names:
            if self.cloud.staff.call('saas.tenant', 'search_count', [('name', '=', name), ('state', '!=', 'deleted')]):
                self.cloud.staff.act(name, 'action_delete', 'deleted')
        if self.cloud.held():
            raise Wrong(f'Containers are left: {sorted(self.cloud.held())}')


def rows(cloud, count=50):
    storm, start = Storm(cloud, count), time.perf_counter()
    try:
        live, failed, wrong = storm.run()
        took = time.perf_counter() - start
    finally:
        storm.clear()
    yield Row(f'{count} dedicated sign-ups at once, 5 % 500s, locks, taken numbers, a node dies: not ended, doubled, orphaned',
              f'{len(live)} live, {len(failed)} failed in {took:.0f} s', '; '.join(wrong) or 'nothing twice, nothing left',
              len(wrong), 0)
