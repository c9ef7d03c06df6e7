"""``/_admin/…``: what tests and people do to this Stripe from outside its rules. No key, loopback only."""
from tests.fakes import admin

from .errors import ApiError

PREFIX = '/_admin'


class Admin(admin.Admin):

    prefix, refusals = PREFIX, (ApiError,)

    def __init__(self, world, api, sender):
        super().__init__(world, api)
        self.sender = sender

    def _post_clock(self, parts, query, body):
        return {'now': self.world.advance(**body)}

    def around(self):
        return self.world.transaction()
