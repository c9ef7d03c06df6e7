import os
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.base.models import res_users
from odoo.addons.saas_master.drivers import vault

FEW_ROUNDS = 1_000      # of hashing: every user and login of a test takes one, and with 600,000 it is most of the time on 17.0


class TimeLimits:
    """For a case whose code asks others by HTTP: 19.0 compares the time limit with a number; ours are pairs."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        if isinstance(options.get('timeout'), tuple):
            options['timeout'] = max(options['timeout'])
        return super()._request_handler(session, request, **options)


@tagged('post_install', '-at_install')
class SaasCase(TimeLimits, TransactionCase):
    """A node, a template that counts as built, and two customers. No test here reaches the outside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(os.environ, {'SAAS_SECRET_KEY': vault.generate_key()}))
        cls.classPatch(res_users, 'MIN_ROUNDS', FEW_ROUNDS)
        cls.env = cls.env(context={**cls.env.context, 'tracking_disable': True, 'no_reset_password': True})
        cls.node = cls.env['saas.node'].create({
            'name': 'test node', 'address_pattern': 'http://{name}.test.localhost:8080', 'pg_password': 'not used'})
        cls.template = cls.env['saas.template'].create({'name': 'test_template', 'node_id': cls.node.id})
        cls.template.write({'database_name': 'test_template_1', 'version': 1, 'state': 'ready'})
        cls.plan = cls.env['saas.plan'].create({
            'name': 'Test', 'code': 'test-plan', 'template_name': 'test_template', 'trial_days': 14})
        cls.customer, cls.stranger = cls.env['res.partner'].create([
            {'name': 'Acme', 'is_company': True}, {'name': 'Other', 'is_company': True}])
        cls.Operation = cls.env['saas.operation']

    @classmethod
    def _tenant(cls, name='acme-test', **values):
        return cls.env['saas.tenant'].create({
            'name': name, 'company_name': 'Acme', 'email': 'ann@acme.example', 'admin_name': 'Ann',
            'plan_id': cls.plan.id, 'partner_id': cls.customer.id, **values})

    @classmethod
    def _running_tenant(cls, name='acme-test', **values):
        tenant = cls._tenant(name, **{
            'template_id': cls.template.id, 'node_id': cls.node.id, 'database_name': name, **values})
        tenant._set_state('provisioning')
        tenant._set_state('running')
        tenant.is_routed = True
        return tenant

    def _prove(self):
        """Let acts that ask for a fresh proof of identity have one: here is no session that could hold it."""
        self.patch(self.env.registry['saas.step.up'], '_is_fresh', lambda service, kind: True)

    def _steps(self, model, **handlers):
        """Replace steps: ``code=function(record, step)``; an operation then consists of just these."""
        plan = [(code, code) for code in handlers]
        model_class = self.env.registry[model]
        self.patch(model_class, '_operation_steps', lambda record, kind: plan)
        for code, handler in handlers.items():
            patcher = patch.object(model_class, f'_step_{code}', handler, create=True)
            patcher.start()
            self.addCleanup(patcher.stop)

    def _run(self, operation):
        """Let a worker take exactly this operation, due or not."""
        others = self.Operation.search([('state', '=', 'waiting'), ('id', '!=', operation.id)])
        others.flush_recordset()
        self.env.cr.execute("UPDATE saas_operation SET not_before = now() AT TIME ZONE 'UTC' + interval '1 hour'"
                            " WHERE id IN %s", [tuple(others.ids) or (0,)])
        operation.flush_recordset()
        self.env.cr.execute("UPDATE saas_operation SET not_before = now() AT TIME ZONE 'UTC' - interval '1 hour'"
                            " WHERE id = %s", [operation.id])
        self.env.invalidate_all()
        claimed = self.Operation._claim_next('test:1:1')
        self.assertEqual(claimed, operation)
        claimed._run_claimed()
        return operation

    def _twice(self):
        """From now on every step is done, its result lost as by a kill, and done again."""
        operations = self.env.registry['saas.operation']
        handle = operations._handle

        def repeated(operation, step):
            answer = handle(operation, step)
            if callable(answer):
                answer()
            return handle(operation, step)
        self.patch(operations, '_handle', repeated)
