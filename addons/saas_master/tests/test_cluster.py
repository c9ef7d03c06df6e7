"""A cluster as it is entered, its secret, and what the button Test finds at a Proxmox VE that answers over HTTPS."""
import os
import re
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers import vault
from odoo.addons.saas_master.drivers.errors import DriverError, Permanent
from odoo.addons.saas_master.drivers.pve import examine
from odoo.addons.saas_master.drivers.pve.api import PveSession
from odoo.addons.saas_master.rotation import rotate, sealed_columns

from .dedicated_common import DedicatedCase
from .pve_common import PveCase

SECRET = 'token-secret-4Jd8-9b1f'
FINGERPRINT = ':'.join(['AB'] * 32)


class TestEntering(DedicatedCase):

    def _assert_refused(self, words, **values):
        before = self.cluster.read(list(values))
        with self.assertRaisesRegex(ValidationError, words, msg=str(values)), self.env.cr.savepoint():
            self.cluster.write(values)
        self.env.invalidate_all()
        self.assertEqual(self.cluster.read(list(values)), before)

    def test_addresses(self):
        for url in ('http://pve.example.com:8006', 'pve.example.com', 'https://', 'https://pve.example.com:8006/api2/json',
                    'https://pve.example.com:80066', 'https://pve.example.com:0', 'https://user@pve.example.com', 'https://a b'):
            self._assert_refused('The address of the API looks like', api_url=url)
        for url in ('https://pve.example.com:8006', 'https://10.10.10.2:8006/', 'https://[fd00::2]:8006', 'https://pve'):
            self.cluster.api_url = url

    def test_tokens(self):
        for token in ('root@pam', 'saas!control', 'saas@pve!', '@pve!control', 'saas@pve!control=secret', 'sa as@pve!x'):
            self._assert_refused('An API token looks like', token_id=token)
        self.cluster.token_id = 'saas@pve!control'

    def test_fingerprints(self):
        for fingerprint in (False, 'AB:CD', FINGERPRINT[:-3], FINGERPRINT.replace(':', ''), FINGERPRINT.replace('AB', 'XY')):
            self._assert_refused('SHA-256 fingerprint', trust='fingerprint', fingerprint=fingerprint)
        self.cluster.write({'trust': 'fingerprint', 'fingerprint': f' {FINGERPRINT.lower()}\n'})

    def test_authorities(self):
        broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
        for text in (False, 'no PEM', broken, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'):
            self._assert_refused('as PEM text', trust='ca', ca_certificate=text)

    def test_numbers(self):
        """A range that begins later is taken at once; numbers that have been given never come again."""
        self.assertEqual([self.cluster._next_number() for _turn in range(2)], [10000, 10001])
        self.cluster.vmid_from = 500
        self.assertEqual(self.cluster._next_number(), 10002)
        self.cluster.vmid_from = 30000
        self.assertEqual(self.cluster._next_number(), 30000)

    def test_a_cluster_with_nodes_stays(self):
        with self.assertRaises(Exception), mute_logger('odoo.sql_db'), self.env.cr.savepoint():      # noqa: B017
            self.cluster.unlink()
        self.assertTrue(self.cluster.exists())


class TestToken(DedicatedCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, 'cluster-manager', groups='saas_master.group_saas_manager')
        cls.support = new_test_user(cls.env, 'cluster-support', groups='saas_master.group_saas_support')

    def setUp(self):
        super().setUp()
        self.cluster.token_secret = SECRET

    def test_it_is_sealed_and_never_read_back(self):
        cluster = self.cluster
        self.assertFalse(cluster.token_secret, 'not even in the transaction that wrote it')
        self.assertNotIn(SECRET, cluster.token_secret_sealed)
        self.assertEqual(cluster._api().token_secret, SECRET)
        self.assertNotIn(SECRET, repr(cluster._api()))
        self.env.flush_all()
        self.env.cr.execute('SELECT row_to_json(c)::text FROM saas_cluster c WHERE id = %s', [cluster.id])
        self.assertNotIn(SECRET, self.env.cr.fetchone()[0])
        self.assertFalse(cluster.copy({'name': 'another'}).token_secret_sealed)

    @mute_logger('odoo.models', 'odoo.addons.base.models.ir_model')
    def test_nobody_gets_the_sealed_one(self):
        for user in (self.support, self.manager):
            cluster = self.cluster.with_user(user)
            self.assertFalse(cluster.read(['token_secret'])[0]['token_secret'])
            self.assertNotIn('token_secret_sealed', cluster.fields_get())
            for ask in (lambda c=cluster: c.read(['token_secret_sealed']), lambda c=cluster: c.search(
                    [('token_secret_sealed', 'like', 'g')]), lambda c=cluster: c.export_data(['token_secret_sealed'])):
                with self.assertRaises(Exception) as refused:
                    ask()
                self.assertNotIn(self.cluster.sudo().token_secret_sealed, str(refused.exception))

    @mute_logger('odoo.models', 'odoo.addons.base.models.ir_model')
    def test_who_may_enter_one(self):
        with self.assertRaises(AccessError):
            self.cluster.with_user(self.support).token_secret = 'other'
        self._prove()
        self.cluster.with_user(self.manager).token_secret = 'other-secret'
        self.assertEqual(self.cluster._api().token_secret, 'other-secret')
        line = self.env['saas.audit'].search([('act', '=', 'change_secret')], limit=1)
        self.assertEqual((line.user_id, line.res_model, line.detail), (self.manager, 'saas.cluster', 'token_secret'))

    def test_one_left_empty_stays(self):
        self.cluster.token_secret = False
        self.assertEqual(self.cluster._api().token_secret, SECRET)

    def test_rotation(self):
        old, new = os.environ['SAAS_SECRET_KEY'], vault.generate_key()
        self.assertIn(('saas.cluster', 'token_secret_sealed'), {(m._name, column) for m, column in sealed_columns(self.env)})
        before = self.cluster.token_secret_sealed
        rotate(self.env, vault.Vault([new, old]))
        self.assertNotEqual(self.cluster.token_secret_sealed, before)
        with patch.dict(os.environ, {'SAAS_SECRET_KEY': new}):
            self.assertEqual(self.cluster._api().token_secret, SECRET)
        with self.assertRaises(DriverError):
            self.cluster._api()
        self.cluster.sudo().token_secret_sealed = vault.Vault([vault.generate_key()]).seal('lost')
        with self.assertRaisesRegex(Permanent, rf'saas\.cluster #{self.cluster.id}, token_secret_sealed'):
            rotate(self.env, vault.Vault([new]))


class TestButton(PveCase):
    """``pct`` is a program of this test; all else is asked of a Proxmox VE that answers."""

    def setUp(self):
        super(PveCase, self).setUp()        # nothing of what others of its kind keep from the outside
        self.addCleanup(self._heal)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        pct = folder / 'pct'
        pct.write_text('#!/bin/sh\necho "VMID Status Lock Name"\n')
        pct.chmod(0o755)
        self.pct = pct
        self.enterContext(patch.dict(os.environ, {'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}'}))
        self.pve.control.settings(delay_401=0.1)

    def _heal(self):
        self.pve.control.heal()
        self.pve.control.quorum(True)
        self.pve.control.node_up('pve2')

    def _found(self, record, answer=None):
        """{code: sentence} of what the button finds wrong."""
        answer = answer or self.cluster.action_test()
        looks = [look for look in record.health_looks if look['problem'] not in ('', 'not_asked')]
        self.assertEqual(record.health, 'bad' if looks else 'ok')
        if looks:
            self.assertIn(record.health_note.splitlines()[0], answer['params']['message'])
        return {look['problem']: self.env['saas.node']._problem_words(look) for look in looks}

    def _assert_found(self, record, code, *words):
        found = self._found(record)
        self.assertEqual(set(found), {code}, found)
        for word in words:
            self.assertIn(word, found[code])

    def test_all_is_well(self):
        answer = self.cluster.action_test()
        self.assertEqual(answer['params']['type'], 'success', answer)
        self.assertEqual((self.cluster.health, self.pve_a.health, self.pve_b.health), ('ok',) * 3)
        self.assertTrue(self.cluster.health_checked_at)
        self.assertGreater(self.pve_a.memory_total_mib, 0)
        self.assertGreater(self.pve_a.disk_total_gib, 0)
        self.assertFalse(self.cluster.health_note)

    def test_a_pinned_certificate(self):
        self.cluster.write({'trust': 'fingerprint', 'fingerprint': self.pve.fingerprint})
        self.assertFalse(self._found(self.cluster))
        self.cluster.fingerprint = FINGERPRINT
        self._assert_found(self.cluster, 'pve_tls', 'somebody stands in between')
        self.cluster.trust = 'system'
        self._assert_found(self.cluster, 'pve_tls')

    def test_a_wrong_secret(self):
        self.cluster.token_secret = SECRET
        answer = self.cluster.action_test()
        self.assertEqual(set(self._found(self.cluster, answer)), {'pve_token'})
        self.assertNotIn(SECRET, str(answer))
        self.assertIn('Enter token and secret of the cluster anew', answer['params']['message'])

    def test_a_secret_that_cannot_be_opened(self):
        self.cluster.token_secret_sealed = vault.Vault([vault.generate_key()]).seal(SECRET)
        self.assertEqual(list(self._found(self.cluster)), ['failed'])
        self.assertNotIn(SECRET, self.cluster.health_note)

    def test_nobody_there(self):
        self.cluster.api_url = 'https://127.0.0.1:9'
        self._assert_found(self.cluster, 'pve_unreachable', 'Check that Proxmox VE runs')

    def test_each_missing_privilege_is_named(self):
        self._revoke('VM.Clone', 'VM.Snapshot.Rollback')
        self._assert_found(self.cluster, 'pve_rights', 'VM.Clone', 'VM.Snapshot.Rollback', '/pool/saas')
        self._revoke('Pool.Audit')
        found = self._found(self.cluster)
        self.assertEqual(set(found), {'pve_rights', 'pve_pool_hidden'})
        self.assertIn('Pool.Audit', found['pve_rights'])

    def _revoke(self, *privileges):
        for name in privileges:
            self.pve.control.revoke(name)
            self.addCleanup(self.pve.control.grant, '/pool/saas', name)
            self.addCleanup(self.pve.control.grant, '/vms', name)

    def test_quorum_version_pool_and_silent_machines(self):
        self.pve.control.quorum(False)
        self._assert_found(self.cluster, 'pve_no_quorum', 'lost its quorum')
        self.pve.control.quorum(True)
        self.pve.control.node_down('pve2')
        self._assert_found(self.cluster, 'pve_nodes_silent', 'pve2')
        self.assertEqual((self.pve_a.health, self.pve_b.health), ('ok', 'bad'))
        self.pve.control.node_up('pve2')
        self.cluster.pve_pool = 'nothing'
        self.assertIn('There is no resource pool "nothing"', self._found(self.cluster)['pve_pool_hidden'])
        self.cluster.pve_pool = self.pve.pool
        with PveSession(self.cluster._api()) as session:
            version = session.get('version')['version']
        self.pve.control.settings(version='7.4-3')
        self.addCleanup(self.pve.control.settings, version=version)
        self._assert_found(self.cluster, 'pve_old', '7.4-3 is too old')

    def test_what_a_node_lacks(self):
        for values, code, words in (
                ({'pve_node': 'pve9'}, None, 'Correct the name of the node'),
                ({'storage': 'nothing'}, 'pve_no_storage', 'There is no storage "nothing"'),
                ({'storage': self.pve.backup_storage}, 'pve_storage_content', 'rootdir'),
                ({'backup_storage': self.pve.storage}, 'pve_storage_content', 'backup'),
                ({'bridge': 'vmbr9'}, 'pve_no_bridge', self.pve.bridge)):
            with self.env.cr.savepoint() as savepoint:
                self.pve_a.write(values)
                found = self._found(self.pve_a)
                self.assertIn(words, '\n'.join(found.values()), values)
                if code:
                    self.assertIn(code, found)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_pct(self):
        self.pct.write_text('#!/bin/sh\necho "may not" >&2\nexit 1\n')
        self._assert_found(self.pve_a, 'pct', 'pct cannot be run', 'may not')

    def test_nodes_are_found(self):
        """Each machine of the cluster that is no node yet becomes one; asked again there are no more."""
        self.pve_b.write({'pve_node': 'another'})
        self.env.flush_all()
        answer = self.cluster.action_find_nodes()
        self.assertIn('pve2', answer['params']['message'])
        made = self.env['saas.node'].search([('cluster_id', '=', self.cluster.id), ('pve_node', '=', 'pve2')])
        self.assertEqual((made.kind, made.router_id), ('proxmox', self.node))
        self.assertIn('already', self.cluster.action_find_nodes()['params']['message'])

    def test_every_code_has_words(self):
        codes = set(re.findall(r"Wrong\('(\w+)'", Path(examine.__file__).read_text()))
        self.assertGreater(len(codes), 8)
        self.assertLessEqual(codes, set(self.env['saas.node']._problem_templates()))
