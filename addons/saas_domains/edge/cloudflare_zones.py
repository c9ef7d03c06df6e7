"""Whose token it is, and the zones it can see."""
from ...saas_master.drivers.errors import AuthError
from .cloudflare_parse import instant, text
from .cloudflare_types import TokenStatus, Zone

ZONE_READ = 'Zone Read'
ZONES_A_PAGE = 50       # the most that are given


class Zones:

    def verify_token(self):
        """A successful answer carries messages with numbers of errors, so it is judged by ``success`` alone.

        :raises AuthError: neither a user's nor the account's token
        """
        try:
            return self._token_status(('user',), 'user')
        except AuthError:
            if not self.account:
                raise
        return self._token_status(('accounts', self.account), 'account')

    def _token_status(self, owner, kind):
        answer = self._call('GET', (*owner, 'tokens', 'verify'), 'Checking the API token', ZONE_READ)
        found = answer.result if isinstance(answer.result, dict) else {}
        return TokenStatus(text(found, 'id'), text(found, 'status'), instant(found.get('expires_on')), kind)

    def zone(self, zone):
        """:param zone: its id"""
        answer = self._call('GET', ('zones', zone), f'Looking at the zone {zone}', ZONE_READ)
        return _zone(answer.result)

    def zones(self, name=''):
        """Those the token can see, or the one of that name; to find ids by a name."""
        query = {'name': name} if name else {}
        return [_zone(found) for found in self._paged(('zones',), 'Listing zones', ZONE_READ, ZONES_A_PAGE, query)]


def _zone(found):
    plan = found.get('plan') if isinstance(found.get('plan'), dict) else {}
    account = found.get('account') if isinstance(found.get('account'), dict) else {}
    return Zone(text(found, 'id'), text(found, 'name'), text(found, 'status'), text(plan, 'legacy_id'), text(account, 'id'))
