from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.drivers.errors import Permanent, Unreachable
from odoo.addons.saas_master.drivers.waiting import NotYet

from .common import SaasCase

FACTS = {'size_bytes': 50 * 2**20, 'odoo_version': '17.0', 'modules': {'website': '17.0.1.0'}}


class Builder:
    """Stands where the node is: answers as the driver does, and remembers what it was asked."""

    asked, polls, print_ = [], [], 'a'

    def __getattr__(self, name):
        def call(*arguments):
            self.asked.append((name, *arguments))
            if name == 'poll' and self.polls:
                return self.polls.pop(0)
            return {'freeze': FACTS, 'fingerprint': self.print_}.get(name)
        return call


class TestTemplate(SaasCase):

    def setUp(self):
        super().setUp()
        Builder.asked, Builder.polls, Builder.print_ = [], [], 'a'
        self.patch(self.env.registry['saas.template'], '_build', lambda template, work: lambda: work(Builder()))

    def _build(self):
        self.template.action_build()
        return self.template._active_operation()

    def test_build(self):
        Builder.polls = [NotYet(1, 'Installing')]
        operation = self._build()
        self.assertEqual(self.template.state, 'building')
        self._run(operation)
        self.assertEqual(operation.state, 'waiting', 'the installation is watched, not waited for')
        self._run(operation)
        self.assertEqual(operation.state, 'done', operation.error)
        template = self.template
        self.assertEqual((template.state, template.version, template.database_name), ('ready', 2, 'test_template_2'))
        self.assertEqual((template.size_mib, template.fingerprint), (50, 'a'))
        self.assertIn(('start_install', 'test_template_2', ['website', 'website_mail'], ['en_US', 'es_ES']), Builder.asked)
        self.assertEqual(Builder.asked[-1], ('drop', 'test_template_1'), 'the version before goes last')

    def test_one_build_at_a_time(self):
        self._build()
        with self.assertRaisesRegex(UserError, 'still under way'):
            self.template.action_build()

    def test_a_failed_build_names_the_module_and_leaves_the_old_version(self):
        def broken(builder, *arguments):
            raise Permanent('Module(s) spiffy_theme_backend are not on node test: install them there.')
        with patch.object(Builder, 'start_install', broken, create=True):
            operation = self._run(self._build())
        self.assertEqual(operation.state, 'failed')
        self.assertIn('spiffy_theme_backend', self.template.outdated_reason)
        self.assertEqual((self.template.state, self.template.database_name), ('outdated', 'test_template_1'))
        self.assertTrue(self.template.activity_ids)

    def test_a_cancelled_first_build_is_a_draft_again(self):
        template = self.env['saas.template'].create({'name': 'fresh', 'node_id': self.node.id})
        template.action_build()
        operation = template._active_operation()
        operation.action_cancel()
        self._run(operation)
        self.assertEqual(template.state, 'draft')

    def test_outdated(self):
        self.template.fingerprint = 'a'
        self.template.action_check()
        self.assertEqual(self.template.state, 'ready')
        Builder.print_ = 'b'
        self.env['saas.template']._cron_check()
        self.assertEqual(self.template.state, 'outdated')
        self.template.state = 'ready'
        self.template.module_names = 'website'
        self.assertEqual(self.template.state, 'outdated')

    def test_a_person_is_asked_once_and_told_when_it_is_built(self):
        self.template.fingerprint = 'b'
        answer = self.template.action_check()
        self.assertEqual((answer['params']['type'], self.template.outdated_because), ('warning', 'code'))
        self.template.module_names = 'website'
        self.template._outdate('made_of')
        self.assertEqual(len(self.template.activity_ids), 1)
        Builder.print_ = 'c'
        self._run(self._build())
        self.assertEqual(self.template.state, 'ready')
        self.assertFalse(self.template.activity_ids)
        self.assertEqual(self.template.action_check()['params']['type'], 'success')

    def test_what_staff_see(self):
        self.template.facts = {'odoo_version': '17.0.1.3', 'modules': {'web': '1.0', '<b>': '1'}}
        self.assertEqual((self.template.odoo_version, self.template.module_count), ('17.0.1.3', 2))
        self.assertIn('&lt;b&gt;', self.template.facts_list)
        self._running_tenant('one', template_version=1)
        self._running_tenant('two', template_version=0)
        self._tenant('three', template_id=self.template.id)
        self.template.invalidate_recordset()
        self.assertEqual((self.template.tenant_count, self.template.tenant_older_count), (2, 1))
        self.assertEqual(self.env['saas.tenant'].search_count(self.template.action_view_tenants()['domain']), 2)
        self.assertFalse(self.template.build_id)
        operation = self._build()
        self.assertEqual((self.template.build_id, self.template.build_step), (operation, 'Clear leftovers away'))

    def test_a_silent_node_outdates_nothing(self):
        def silent(builder):
            raise Unreachable('No answer')
        with patch.object(Builder, 'fingerprint', silent, create=True):
            self.env['saas.template']._cron_check()
            self.assertEqual(self.template.state, 'ready')
            with self.assertRaisesRegex(UserError, 'No answer'):
                self.template.action_check()

    def test_bad_lists(self):
        for values in ({'module_names': 'Bad Name'}, {'module_names': 'a;rm -rf'}, {'language_codes': 'english'}):
            with self.assertRaises(ValidationError, msg=str(values)):
                self.template.write(values)

    def test_a_built_template_is_not_removed(self):
        with self.assertRaisesRegex(UserError, 'left behind'):
            self.template.unlink()
