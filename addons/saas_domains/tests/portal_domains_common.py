from datetime import timedelta

from lxml import html

from odoo import fields

from odoo.addons.saas_master.tests.portal_common import PortalHttpCase

from .edge.odd_dns import OddServer, rows

WWW = 'www.bluebird.com'


class PortalDomainsCase(PortalHttpCase):
    """Besides: a root domain whose resolver is a DNS server of this test's, a claim of the customer's and a stranger's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dns = cls.enterClassContext(OddServer())
        cls.env['saas.root_domain'].search([]).active = False
        cls.root = cls.env['saas.root_domain'].create({
            'name': 'portal.test', 'is_sandbox': True, 'txt_prefix': 'jeturing', 'tunnel_id': 'f3c1', 'cloudflare_zone': 'a1b2',
            'dns_servers': '{}:{}'.format(*cls.dns.address), 'origin_service': 'http://127.0.0.1:8080'})
        cls.Domain = cls.env['saas.custom_domain']

    def setUp(self):
        super().setUp()
        self.dns.answers.clear()
        self.domain = self._domain()
        self.theirs = self._domain('www.foreign.com', partner_id=self.stranger.id, tenant_id=self.foreign.id)

    def _domain(self, name=WWW, **values):
        return self.Domain.create({
            'external_domain': name, 'partner_id': self.customer.id, 'tenant_id': self.tenant.id, **values})

    def _checked(self, domain, outcome, code='', **values):
        """As if the DNS had been asked a minute ago."""
        domain.write({'last_outcome': outcome, 'last_code': code, 'checked_at': fields.Datetime.now() - timedelta(minutes=1),
                      'verification_status': 'verifying', **values})
        self.env.flush_all()

    def _active(self, name='www.redwing.com', **values):
        domain = self._domain(name)
        domain._set_status('verified')
        domain.write({
            'verified_at': fields.Datetime.now(), 'points_here': True, 'to_publish': True, 'is_active': True, 'is_routed': True,
            'is_route_live': True, 'ssl_status': 'active', 'last_outcome': 'yes', 'last_evidence': 'cname', **values})
        self.env.flush_all()
        return domain

    def _points_here(self, domain):
        """The customer sets the CNAME that he was told."""
        name, target = domain.external_domain, domain.sajet_full_domain
        self.dns.behave(name, rows((name, 60, 'CNAME', f'{target}.')))
        self.dns.behave(target, rows((target, 60, 'A', '127.0.0.1')), 'A')

    def _path(self, act='', domain=None):
        return f'/my/domains/{(domain or self.domain).id}{act}'

    def _tree(self, path):
        return html.fromstring(self._get(path).text)

    def _names(self, path):
        return self._tree(path).xpath('//@data-domain')

    def _fields(self, path):
        """What is to be entered at the DNS provider: {type of record: {field: value}}."""
        return {record.get('data-type'): {
            row.get('data-field'): ''.join(row.xpath('.//code/text()')) for row in record.xpath('.//div[@data-field]')}
            for record in self._tree(path).find_class('o_saas_record')}
