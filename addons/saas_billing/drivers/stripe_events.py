"""Events as Stripe lists them (for 30 days), and the endpoints it delivers them to."""
import contextlib
import json

from . import stripe_parse as parse
from .stripe_errors import NotFound
from .stripe_words import API_VERSION

TYPES_AT_ONCE = 20      # Stripe takes no more in one list


class Events:

    def list_events(self, since, until=None, types=()):
        """What happened from ``since`` to ``until`` (naive UTC, both included), oldest first.

        :param types: only these; all without
        :return: an iterator of ``Event``
        """
        created = {'gte': parse.seconds(since), **({'lte': parse.seconds(until)} if until else {})}
        found = {}
        for some in _portions(types):
            query = {'types': list(some)} if some else {}
            rows = list(self._pages('Listing events', self._v1.events.list, created=created, **query))
            found.update((parse.text(row, 'id'), row) for row in reversed(rows))
        rows = sorted(found.values(), key=lambda row: parse.number(row, 'created'))
        return filter(None, (parse.event(row, _raw(row)) for row in rows))

    def make_webhook(self, url, types, description=''):
        """:return: (id, signing secret): the secret is told this once"""
        found = self._ask('Making a webhook endpoint', self._v1.webhook_endpoints.create, url=url,
                          enabled_events=list(types), api_version=API_VERSION, description=description)
        return parse.text(found, 'id'), parse.text(found, 'secret')

    def list_webhooks(self):
        """:return: a list of ``Endpoint``"""
        found = self._pages('Listing webhook endpoints', self._v1.webhook_endpoints.list)
        return [parse.endpoint(row) for row in found]

    def remove_webhook(self, endpoint):
        """One that is gone already is as good."""
        with contextlib.suppress(NotFound):
            self._ask('Removing a webhook endpoint', self._v1.webhook_endpoints.delete, endpoint)


def _portions(types):
    types = tuple(types)
    return [types[start:start + TYPES_AT_ONCE] for start in range(0, len(types), TYPES_AT_ONCE)] or [()]


def _raw(row):
    return json.dumps(row, ensure_ascii=False, separators=(',', ':')).encode()
