"""Other addons insert steps by inheriting: shown with a model that exists in the test only."""
import unittest

from odoo.addons.saas_master.series import SERIES_17

from .common import SaasCase

if SERIES_17:
    from odoo_test_helper import FakeModelLoader


@unittest.skipUnless(SERIES_17, 'odoo-test-helper does not import on 19.0')
class TestExtension(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        loader = FakeModelLoader(cls.env, cls.__module__)
        loader.backup_registry()
        cls.addClassCleanup(loader.restore_registry)
        from .fake_models import TenantWithAnotherStep
        loader.update_registry((TenantWithAnotherStep,))

    def test_a_step_of_another_addon_runs_in_its_place(self):
        tenant = self._running_tenant('extended')
        operation = tenant._open('install_modules', modules=['contacts'])
        self.assertEqual(operation.step_ids.mapped('code'), ['announce', 'install_modules'])
        operation.step_ids[1].unlink()
        self._run(operation)
        self.assertEqual((operation.state, tenant.admin_name), ('done', 'Announced'))
