"""Many names of a customer published in one batch: how often Cloudflare, tunnel and router are touched for it.

The root domain, its Cloudflare and its tunnel are this benchmark's own and go with it; DNS, tenant and router are the
stack's. Each name has a record and a rule of its own, which costs most.
"""
import secrets
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from .. import journey_steps_domains as domains
from ..client import Wrong
from ..fakes.cloudflare import FakeCloudflare
from .figures import Row

COUNT, MOST_CALLS = 1000, 12
CHUNK = 100
SECONDS = 1800
SANDBOX = {'validation_seconds': 0.3, 'connector_seconds': 0.2, 'certificates_per_minute': 0, 'rate_limit': 0,
           'refuse_reserved': 0}


class Reloads:
    """Workers that nginx starts while this runs: a reload is a new one for each of the old."""

    def __init__(self, pid, pause=0.02):
        self.children = Path(f'/proc/{pid}/task/{pid}/children')
        self.before = self._workers()
        self.seen, self.pause, self.over = set(self.before), pause, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _workers(self):
        return set(self.children.read_text().split())

    def _watch(self):
        while not self.over.wait(self.pause):
            self.seen |= self._workers()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        self.over.set()
        self.thread.join()
        self.seen |= self._workers()

    @property
    def count(self):
        return len(self.seen - self.before) / len(self.before)


class Batch:

    def __init__(self, world, count):
        self.world, self.staff, self.count = world, world.staff(), count
        self.tag = f'bench-{secrets.token_hex(3)}'
        self.names = [f'n{number}.{self.tag}.test' for number in range(count)]

    @contextmanager
    def cloudflare(self):
        """A Cloudflare of its own, and the root domain that is there."""
        token, name = secrets.token_hex(20), f'{self.tag}.localhost'
        with FakeCloudflare(**SANDBOX) as fake:
            fake.world.add_token(token)
            zone, tunnel = fake.world.add_zone(name, plan='pro', hostnames_hard_cap=10 * self.count), fake.world.add_tunnel(name)
            self.staff.session.prove('secret')
            self.root = self.staff.call('saas.root_domain', 'create', {
                'name': name, 'is_sandbox': True, 'edge_mode': 'per-host', 'cloudflare_account': zone['account'],
                'cloudflare_zone': zone['id'], 'tunnel_id': tunnel['id'], 'api_base': fake.url, 'api_token': token,
                'probe_url': fake.edge_url, 'fallback_origin': f'fallback.{name}', 'sequence': 99,
                'origin_service': domains.Outside(self.world).router,
                'dns_servers': f'127.0.0.1:{self.world.stack.settings.ports.dns}'})
            try:
                domains.run_cron(self.staff, 'cron_reconcile')
                yield fake
            finally:
                self.world.master_sql('DELETE FROM saas_custom_domain WHERE root_domain_id = %s', self.root)
                self.world.master_sql('DELETE FROM saas_root_domain WHERE id = %s', self.root)

    @contextmanager
    def tenant(self):
        """A live one whose customer may have any number of names."""
        self.customer = self.staff.call('res.partner', 'create', {'name': self.tag, 'is_company': True})
        plan = self.staff.call('saas.plan', 'create', {
            'name': self.tag, 'code': self.tag, 'template_name': 'template_tenant', 'domain_limit': 0})
        tenant = self.staff.call('saas.tenant', 'create', {
            'name': self.tag, 'company_name': 'Bench', 'email': f'{self.tag}@bench.example', 'admin_name': 'Bench',
            'plan_id': plan, 'partner_id': self.customer})
        self.staff.act(self.tag, 'action_provision', 'running')
        records = self.world.stack.dns_records()
        records.set(f'*.{self.tag}.test', 'CNAME', f'{self.tag}.localhost')
        try:
            yield tenant
        finally:
            records.remove(f'*.{self.tag}.test')
            self.staff.act(self.tag, 'action_delete', 'deleted')
            self.staff.call('saas.plan', 'write', [plan], {'active': False})

    def add(self, tenant):
        for start in range(0, self.count, CHUNK):
            self.staff.call('saas.custom_domain', 'create', [
                {'external_domain': name, 'partner_id': self.customer, 'tenant_id': tenant, 'root_domain_id': self.root}
                for name in self.names[start:start + CHUNK]])

    def publish(self):
        """One turn of the cron finds all of them; seconds until the last one is active."""
        start = time.perf_counter()
        domains.run_verify_cron(self.world, *self.names)
        while time.perf_counter() - start < SECONDS:
            (active, failed), = self.world.master_sql(
                'SELECT count(*) FILTER (WHERE is_active), count(*) FILTER (WHERE attention > 0) FROM saas_custom_domain'
                ' WHERE root_domain_id = %s', self.root)
            if active == self.count:
                return time.perf_counter() - start
            if failed:
                break
            time.sleep(0.5)
        raise Wrong(f'{active} of {self.count} domains are active, {failed} have failed, after '
                    f'{time.perf_counter() - start:.0f} s.')

    def check(self, fake):
        """The last name, through the edge, is the tenant."""
        answer = domains.Outside(self.world).ask(fake.edge_url, self.names[-1])
        if answer.text.strip() != self.staff.read(self.tag, 'mark')['mark']:
            raise Wrong(f'{self.names[-1]} answers {answer.status_code} {answer.text[:200]}')


def rows(world, count=COUNT):
    batch = Batch(world, count)
    with batch.tenant() as tenant, batch.cloudflare() as fake:
        batch.add(tenant)
        fake.api.journal.clear()
        with Reloads(world.stack.service('nginx').pid()) as reloads:
            took = batch.publish()
        calls = list(fake.api.journal)
        batch.check(fake)
    records = [call for call in calls if '/dns_records' in call['path']]
    writes = [call for call in calls if call['method'] == 'PUT' and call['path'].endswith('/configurations')]
    if not (records and writes and reloads.count):
        raise Wrong('The batch went another way than this benchmark looks at.')
    what = f'{count:,} domains activated in one batch'
    yield Row(f'{what}: Cloudflare calls for records', f'{len(records)} calls', f'{took:.0f} s in all', len(records), MOST_CALLS)
    yield Row('… writes of the tunnel\'s document', f'{len(writes)}', '–', len(writes), 1)
    yield Row('… reloads of nginx', f'{reloads.count:g}', '–', reloads.count, 1)
