"""Everything a person reads of domains and webhooks is there in Spanish."""
from odoo.tests import tagged

from odoo.addons.saas_master.tests.common import SaasCase
from odoo.addons.saas_master.tests.test_i18n import LANG, SAME, Terms

KINDS = ('activate_domain', 'primary_domain', 'remove_domain')
SAME_HERE = SAME | {
    '<span class="o_stat_text">Tenant</span>', '<span>Webhooks</span>', 'Alias', 'Cloud DNS', 'Cloudflare', 'DNS', 'Nonce',
    'Ping', 'Site Tools', 'TTL', 'Web Cloud', 'Webhook', 'Webhooks', 'cPanel', 'config.yml', 'fallback.sajet.us',
    'https://hooks.example.com/saas', 'sajet.us', 'www.example.com',
}


@tagged('post_install', '-at_install')
class TestDomainTerms(Terms, SaasCase):

    addon = 'saas_domains'
    same = SAME_HERE

    def test_steps(self):
        for kind in KINDS:
            spanish = self.env['saas.custom_domain'].with_context(lang=LANG)._operation_steps(kind)
            english = self.env['saas.custom_domain'].with_context(lang='en_US')._operation_steps(kind)
            self.assertEqual(spanish, [(code, self.spanish[label].msgstr) for code, label in english])
