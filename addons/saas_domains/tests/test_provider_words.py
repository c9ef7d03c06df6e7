from odoo.tests import tagged

from odoo.addons.saas_master.tests.common import SaasCase

from .. import provider_words
from ..edge.dns_providers import PROVIDERS


@tagged('post_install', '-at_install')
class TestProviderWords(SaasCase):
    """The record as the form of each provider wants it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['saas.root_domain'].search([]).active = False
        cls.env['saas.root_domain'].create({'name': 'words.test', 'txt_prefix': 'jeturing'})
        cls.tenant = cls._running_tenant('techeels')
        cls.www, cls.apex, cls.deep = (cls.env['saas.custom_domain'].create({
            'external_domain': name, 'partner_id': cls.customer.id, 'tenant_id': cls.tenant.id})
            for name in ('www.impulse-max.com', 'impulse-max.com', 'my.shop.impulse-max.co.uk'))

    def _record(self, domain, provider, kind=0):
        domain.provider = provider
        return {code: value for code, _label, value in domain._provider_records()[kind]['fields']}

    def test_the_field_for_the_host(self):
        for provider, hosts in ((False, ('www', '@', 'my.shop')), ('godaddy', ('www', '@', 'my.shop')),
                                ('route53', ('www', '', 'my.shop')),
                                ('hostgator', ('www.impulse-max.com.', 'impulse-max.com.', 'my.shop.impulse-max.co.uk.'))):
            found = tuple(self._record(domain, provider)['host'] for domain in (self.www, self.apex, self.deep))
            self.assertEqual(found, hosts, provider)
        self.assertEqual(self._record(self.deep, 'godaddy', 1)['host'], '_jeturing-verify')

    def test_the_value(self):
        for provider, dot in ((False, ''), ('ovh', '.'), ('hetzner', '.'), ('cloudflare', '')):
            self.assertEqual(self._record(self.www, provider)['value'], f'{self.www.sajet_full_domain}{dot}')
            self.assertEqual(self._record(self.www, provider, 1)['value'], self.www.verification_token, 'no dot in a token')

    def test_what_stands_at_a_name_without_www(self):
        for provider, kind in (('cloudflare', 'CNAME'), ('namecheap', 'ALIAS'), ('namecom', 'ANAME'), (False, 'ALIAS or ANAME')):
            self.assertEqual(self._record(self.apex, provider)['type'], kind)
            self.assertEqual(self._record(self.www, provider)['type'], 'CNAME')
        self.assertEqual([record['is_required'] for record in self.apex._provider_records()], [True, True])

    def test_every_provider_has_its_words(self):
        self.assertLessEqual(set(provider_words.PANELS), set(PROVIDERS))
        labels = self.www._provider_labels()
        for code, panel in provider_words.PANELS.items():
            self.assertLessEqual({panel.host, panel.value}, set(labels), code)
            self.www.provider = code
            self.assertEqual(bool(self.www._provider_forward()), bool(panel.forward), code)
            self.assertTrue(self.www._provider_ttl(panel.ttl))
            self.assertTrue(all(self.www._provider_path()), code)
            self.assertIsInstance(self.www._provider_tips(), str)
