"""``/_admin/…``: what tests and people do to this Stripe from outside its rules. No key, loopback only.

GET  /                      how much there is, and the settings
GET  /journal?since=n       the calls, oldest first; DELETE empties it
POST /clock                 {"seconds"?, "minutes"?, "hours"?, "days"?}: what falls due until then happens, in its order
POST /settings              {"dunning_ends": …}: see world.SETTINGS
POST /faults                one or a list: see faults; DELETE takes back what has not happened yet
GET  /rows/<table>          the objects
POST /rows/<table>/<id>     {"values", "event"?}: changes one, whatever Stripe's rules say
POST /cards/<customer>      {"number"}: the customer pays with this test card from now on
POST /endpoints             {"url", "secret"?, "kinds"?}; POST /endpoints/<id>/roll {"overlap"}: gives the new secret
GET  /deliveries            how many are waiting, held, sent, accepted, refused, given_up; of forged ones: bad_accepted …
GET  /deliveries/journal?since=n
POST /deliveries            {"hold"?, "duplicate"?, "delay"?, "shuffle"?, "seed"?}: from now on; see webhooks
POST /release               {"duplicate"?, "shuffle"?, "seed"?, "forge"?: share}: what was held leaves
POST /forge                 {"kinds"?, "times"?}: deliveries nobody may take: see webhooks.KINDS
POST /events                {"type", "object"}: an event of whatever type; POST /events/<id>/resend: once more
"""
import time

from tests.fakes import admin

from . import answers, payments, webhooks
from .errors import ApiError

PREFIX = '/_admin'
WAYS = ('hold', 'duplicate', 'delay', 'shuffle', 'seed')


class Admin(admin.Admin):

    prefix, refusals = PREFIX, (ApiError,)

    def __init__(self, world, api, sender):
        super().__init__(world, api)
        self.sender = sender

    def around(self):
        return self.world.transaction()

    # -- the world ----------------------------------------------------------------------------------------------------
    def _post_clock(self, parts, query, body):
        return {'now': self.world.advance(**body)}

    def _post_settings(self, parts, query, body):
        for name, value in body.items():
            self.world.set(name, value)
        return self.world.store.table('settings')

    def _get_rows(self, parts, query, body):
        return answers.shown(self.world.all(parts[0]))

    def _post_rows(self, parts, query, body):
        return answers.shown(self.world.change(parts[0], parts[1], body['values'], body.get('event', '')))

    def _post_cards(self, parts, query, body):
        self.world.need('customers', parts[0])
        return answers.shown(payments.give_card(self.world, parts[0], payments.cards.digits_of(body['number'])))

    # -- webhooks -----------------------------------------------------------------------------------------------------
    def _post_endpoints(self, parts, query, body):
        if parts:
            return {'secret': webhooks.roll_secret(self.world, parts[0], body['overlap'])}
        return answers.shown(webhooks.add_endpoint(self.world, **body))

    def _get_deliveries(self, parts, query, body):
        if parts:
            return [row for row in self.sender.journal if row['number'] > int(query.get('since', 0))]
        return {'waiting': self.sender.waiting, 'held': self.sender.held, **self.sender.counts}

    def _post_deliveries(self, parts, query, body):
        for name in body:
            if name not in WAYS:
                raise KeyError(name)
        self.world.set('deliver', body)
        return body

    def _post_release(self, parts, query, body):
        return webhooks.release(self.world, **body)

    def _post_forge(self, parts, query, body):
        """Made of the newest event, to every endpoint."""
        event = self.world.all('events')[-1]
        for kind in body.get('kinds', webhooks.MIXED):
            for endpoint in self.world.all('webhook_endpoints') * body.get('times', 1):
                webhooks.add_delivery(self.world, event['id'], endpoint['id'], time.time(), kind=kind)
        return {}

    def _post_events(self, parts, query, body):
        if not parts:
            return self.world.emit(body['type'], body['object'])
        webhooks.queue(self.world, self.world.need('events', parts[0]))
        return {}
