import itertools

from odoo.tests import new_test_user

from ..const import ALERTS

NUMBERS = itertools.count(1)
PUBLISHED = {'to_publish': True, 'is_routed': True, 'points_here': True}


class StaffDomains:
    """Two root domains and people of staff; ``_domain`` makes one in any state, past the checks and without its operations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root, cls.other_root = cls.env['saas.root_domain'].create([{'name': 'sajet.test'}, {'name': 'other.test'}])
        cls.alerts = [alert for alert, _label in ALERTS]
        cls.support, cls.manager = (
            new_test_user(cls.env, f'saas-{group}', groups=f'saas_master.group_saas_{group}', tz='America/Bogota')
            for group in ('support', 'manager'))

    @classmethod
    def _domain(cls, name, status='pending', root=None, **values):
        create_date, number = values.pop('create_date', None), next(NUMBERS)
        domain = cls.env['saas.custom_domain'].sudo().with_context(saas_domain_complete=True).create({
            'external_domain': name, 'partner_id': cls.customer.id, 'root_domain_id': (root or cls.root).id,
            'sajet_subdomain': f'staff-test-{number}', 'verification_token': 'saas-verify-0', 'verification_status': status,
            **(PUBLISHED if values.get('is_active') else {}), **values})
        if create_date:
            domain.flush_recordset()
            cls.env.cr.execute('UPDATE saas_custom_domain SET create_date = %s WHERE id = %s', [create_date, domain.id])
            domain.invalidate_recordset()
        return domain.with_context(saas_domain_complete=False)
