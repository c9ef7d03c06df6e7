import json

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.bus.models.bus import channel_with_db
from odoo.addons.saas_master.drivers.errors import Permanent

from .common import SaasCase


@tagged('post_install', '-at_install')
class TestChannel(HttpCase):
    """Asked for as a browser does that has no WebSocket."""

    def _channels(self, login, asked=()):
        self.authenticate(login, login)
        answer = self.make_jsonrpc_request(
            '/websocket/peek_notifications', {'channels': list(asked), 'last': 0, 'is_first_poll': True})
        return answer['channels']

    @property
    def _channel(self):
        return list(channel_with_db(self.env.cr.dbname, self.env['saas.live']._channel()))

    def test_staff_hear_of_operations(self):
        for group in ('support', 'manager'):
            user = new_test_user(self.env, f'saas-{group}', groups=f'saas_master.group_saas_{group}')
            self.assertIn(self._channel, self._channels(user.login))

    def test_nobody_else_does_even_by_asking_for_it(self):
        """A browser sends strings; none of them is the channel, however it is written."""
        group = self.env.ref('saas_master.group_saas_support')
        names = ['operations', 'saas_operations', 'saas_operation', f'res.groups_{group.id}', json.dumps(self._channel),
                 str(self._channel), f'["{self.env.cr.dbname}","res.groups",{group.id},"operations"]']
        for kind in ('user', 'portal'):
            user = new_test_user(self.env, f'saas-{kind}', groups=f'base.group_{kind}')
            self.assertNotIn(self._channel, self._channels(user.login, names), kind)
        self.assertNotIn(self._channel, self._channels(None, names), 'a visitor')


class TestLive(SaasCase):

    def _told(self, operation, handlers):
        """Payloads of the notices of one run, as the bus will hand them out."""
        self._steps('saas.tenant', **handlers)
        operation = operation()
        bus = self.env['bus.bus'].sudo()
        last = bus.search([], order='id desc', limit=1).id or 0
        self._run(operation)
        notices = bus._poll([self.env['saas.live']._channel()], last)
        return operation, [one['message']['payload'] for one in notices if one['message']['type'] == 'saas_operation']

    def test_one_notice_for_each_transaction_of_a_step(self):
        tenant = self._running_tenant()
        nothing = {code: (lambda record, step: lambda: None) for code in 'ab'}
        operation, told = self._told(lambda: tenant._open('install_modules'), nothing)
        self.assertEqual([(one['step'], one['state'], one['percent']) for one in told],
                         [('a', 'running', 0), ('b', 'running', 50), (False, 'done', 100)])
        self.assertEqual({(one['operation'], one['tenant'], one['template']) for one in told},
                         {(operation.id, tenant.id, False)})

    def test_a_notice_holds_no_text(self):
        def fail():
            raise Permanent('the password is tell-nobody')
        _operation, told = self._told(lambda: self._running_tenant()._open('install_modules'),
                                      {'a': lambda record, step: fail})
        self.assertEqual(told[-1]['state'], 'failed')
        self.assertNotIn('tell-nobody', json.dumps(told))
        self.assertLessEqual({'operation', 'tenant', 'template', 'state', 'step', 'percent'}, set(told[-1]))
        texts = {name for name, value in told[-1].items() if isinstance(value, str)}
        self.assertLessEqual(texts, {'state', 'step'}, 'codes; everything else is a number')
