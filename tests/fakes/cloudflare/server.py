"""The API's listener."""
from tests.fakes.server import Handler

from . import admin


class ApiHandler(Handler):

    server_version = 'cloudflare'

    def _answer(self):
        if self.path.startswith(admin.PREFIX):
            return self.administer(self.server.values['admin'])
        status, headers, body, fault = self.server.values['api'].answer(self.command, self.path, self.headers, self.data())
        return self.reply_with(fault, status, {'Content-Type': 'application/json', **headers}, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer
