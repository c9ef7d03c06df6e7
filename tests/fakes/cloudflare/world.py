"""What this Cloudflare holds: accounts, tokens, zones, tunnels; its clock and its rules that can be set."""
import time

from tests.fakes.store import Store

from . import hostnames, records
from .shapes import digest, hex_id, new_tunnel, uuid_of

SETTINGS = {
    'rate_limit': 1200, 'rate_window': 300,     # requests in seconds, per token; 0 is no limit
    'page_cap': 0,                              # most rows a page whatever is asked; 0 is as asked
    'certificates_per_minute': 15,              # 0 is no limit
    'validation_seconds': 1.0,                  # of each step in the life of a custom hostname; 0 is only on demand
    'connector_seconds': 0.5,                   # until a connector has a new configuration
    'refuse_reserved': True,                    # custom hostnames ending in .test, .localhost …
}
RECORD_QUOTA = {'free': 200, 'pro': 3500, 'business': 3500, 'enterprise': 3500}
PERMISSIONS = ('Zone Read', 'DNS Write', 'SSL and Certificates Write', 'Cloudflare Tunnel Write')


class World:
    """One Cloudflare; everything the API, the edge and the admin endpoint do goes through it."""

    def __init__(self, file=None, **settings):
        self.store = Store(file)
        self.records, self.hostnames = records.Index(self.store), hostnames.Index(self.store)
        self.calls = {}             # token -> [start of window, count, closed until]
        with self.store.transaction():
            for name, value in {**SETTINGS, **settings}.items():
                if name in settings or self.store.get('settings', name) is None:
                    self.store.put('settings', name, value)

    def setting(self, name):
        return self.store.get('settings', name)

    # -- time ---------------------------------------------------------------------------------------------------------
    def now(self):
        """Seconds; ``advance`` moves it."""
        return time.time() + (self.store.get('settings', 'clock_offset') or 0)

    def advance(self, seconds):
        with self.store.transaction():
            self.store.put('settings', 'clock_offset', (self.store.get('settings', 'clock_offset') or 0) + seconds)

    # -- what exists before anybody calls -----------------------------------------------------------------------------
    def add_token(self, token, permissions=PERMISSIONS, zones=('*',), accounts=('*',), status='active', owner='user',
                  expires_on=None):
        """Known by its hash only: the state file holds no secret. ``owner``: user, or an account's id."""
        key = digest(token)
        value = {'id': hex_id('token', key), 'permissions': list(permissions), 'zones': list(zones),
                 'accounts': list(accounts), 'status': status, 'owner': owner, 'expires_on': expires_on}
        with self.store.transaction():
            return self.store.put('tokens', key, value)

    def add_zone(self, name, plan='free', account=None, status='active', **values):
        """Again: its own values stay, those given are set."""
        key = hex_id('zone', name)
        old = self.store.get('zones', key) or {
            'id': key, 'name': name, 'created': self.now(), 'fallback': None, 'custom_metadata': plan == 'enterprise',
            'record_quota': RECORD_QUOTA[plan], 'hostnames_allocated': 100,
            'hostnames_hard_cap': 50_000 if plan == 'enterprise' else 5000}
        value = {**old, 'plan': plan, 'account': account or hex_id('account', 'sandbox'), 'status': status, **values}
        with self.store.transaction():
            return self.store.put('zones', key, value)

    def add_tunnel(self, name, account=None, config_src='cloudflare', connectors=2):
        account = account or hex_id('account', 'sandbox')
        key = uuid_of('tunnel', account, name)
        with self.store.transaction():
            tunnel = self.store.get('tunnels', key) or self.store.put('tunnels', key, new_tunnel(
                key, account, name, config_src, self.now()))
            for number in range(1, connectors + 1):
                self.add_connector(key, number)
        return tunnel

    def add_connector(self, tunnel, number, **values):
        key = uuid_of('connector', tunnel, str(number))
        old = self.store.get('connectors', key) or {
            'id': key, 'tunnel': tunnel, 'number': number, 'connected': True, 'pending': False, 'frozen_at': None,
            'run_at': self.now()}
        return self.store.put('connectors', key, {**old, **values})
