import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.saas_master.drivers.pct import PctTransport
from odoo.addons.saas_master.drivers.pve import service

from .dedicated_common import DedicatedCase

# As much of the program as is asked of the node itself here; the real one's behaviour: tests/drivers/test_pct.py
PCT = '''#!/bin/sh
case "$1" in
 list) printf 'VMID       Status     Lock         Name\\n%s      running                 own-server\\n' "$NUMBER"
       printf '999        stopped    backup       not-ours\\n';;
 *) echo "container '$2' not running!" >&2; exit 255;;
esac
'''


class TestSupportActions(DedicatedCase):
    """Fixed acts, each noted with who did it; support may look, managers may restart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tenant = cls._dedicated_tenant('own-server')
        cls.container = cls.tenant.container_id
        cls.support, cls.manager = (new_test_user(cls.env, f'inside-{role}', groups=f'saas_master.group_saas_{role}')
                                    for role in ('support', 'manager'))

    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        program = Path(folder) / 'pct'
        program.write_text(PCT.replace('$NUMBER', str(self.container.vmid)))
        program.chmod(0o755)
        self.enterContext(patch.dict(os.environ, {'PATH': f'{folder}:{os.environ["PATH"]}'}))

    def _shown(self, action):
        self.assertEqual((action['res_model'], action['target']), ('saas.container.inside', 'new'))
        return self.env['saas.container.inside'].browse(action['res_id'])

    def _last_line(self):
        return self.env['saas.audit'].search([], limit=1)

    def _answers(self, name, *answers):
        """Let ``service.<name>`` note what it is given, and answer."""
        asked = []

        def act(*arguments):
            asked.append(arguments)
            return answers[0]
        self.enterContext(patch.object(service, name, act))
        return asked

    def test_support_looks(self):
        shown = self._shown(self.tenant.with_user(self.support).action_inside_containers())
        self.assertIn('own-server', shown.text)
        self.assertIn('not-ours', shown.text)
        self.assertEqual((shown.container_id, shown.user_id, shown.what), (self.container, self.support, 'containers'))
        self.assertTrue(shown.at)
        line = self._last_line()
        self.assertEqual((line.act, line.user_id, line.detail, line.subject), (
            'look_inside', self.support, 'containers', 'own-server'))
        self.assertEqual(line.partner_id, self.customer)

    def test_what_is_asked_inside_is_asked_of_that_container(self):
        for act, name, rest in (('status', 'status', ()), ('log', 'log_tail', (200,))):
            asked = self._answers(name, f'answer of {name}')
            shown = self._shown(getattr(self.container.with_user(self.support), f'action_inside_{act}')())
            self.assertEqual(shown.text, f'answer of {name}')
            transport, *arguments = asked[0]
            self.assertIsInstance(transport, PctTransport)
            self.assertEqual((transport._vmid, tuple(arguments)), (self.container.vmid, rest))

    def test_only_managers_restart(self):
        asked = self._answers('restart_odoo', 'Odoo answers again.')
        for record in (self.tenant, self.container):
            with self.assertRaises(AccessError):
                record.with_user(self.support).action_restart_odoo()
        self.assertFalse(asked)
        shown = self._shown(self.tenant.with_user(self.manager).action_restart_odoo())
        self.assertEqual((shown.what, shown.text), ('restart', 'Odoo answers again.'))
        self.assertEqual((self._last_line().act, self._last_line().user_id), ('restart_odoo', self.manager))

    def test_what_goes_wrong_is_told(self):
        with self.assertRaisesRegex(UserError, 'does not run'):
            self.tenant.with_user(self.support).action_inside_status()
        self.assertEqual(self._last_line().detail, 'status', 'that it was tried stays')
        self.container.state = 'gone'
        with self.assertRaisesRegex(UserError, 'no container'):
            self.container.with_user(self.support).action_inside_status()
        with self.assertRaisesRegex(UserError, 'no container of its own'):
            self._running_tenant('shared-one').action_inside_log()

    def test_the_form_shows_it(self):
        for user in (self.support, self.manager):
            arch = self.env['saas.tenant'].with_user(user).get_view(view_type='form')['arch']
            self.assertIn('action_inside_log', arch)
            self.assertEqual('action_restart_odoo' in arch, user == self.manager)
            self.assertEqual('action_take_back' in arch, user == self.manager)
