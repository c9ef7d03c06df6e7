import json

from odoo.addons.saas_master.tests.api_common import JSON, ApiCase

from .edge.odd_dns import OddServer, rows

WWW, OURS = 'www.impulse-max.com', 'impulse-max.rest.test'
PATH = f'/api/domains/{WWW}'


class DomainApiCase(ApiCase):
    """Besides: a root domain whose resolver is a DNS server of this test's, where the customers' records are set."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dns = cls.enterClassContext(OddServer())
        cls.env['saas.root_domain'].search([]).active = False
        cls.root = cls.env['saas.root_domain'].create({
            'name': 'rest.test', 'is_sandbox': True, 'txt_prefix': 'rest', 'dns_servers': '{}:{}'.format(*cls.dns.address),
            'tunnel_id': 'f3c1', 'cloudflare_zone': 'a1b2', 'origin_service': 'http://127.0.0.1:8080'})
        cls.Domain = cls.env['saas.custom_domain']

    def setUp(self):
        super().setUp()
        self.dns.answers.clear()

    def _call(self, *arguments, **options):
        self.env.flush_all()
        answer = super()._call(*arguments, **options)
        self.env.invalidate_all()
        return answer

    def _domain(self, name=WWW, **values):
        return self.Domain.create({'external_domain': name, 'partner_id': self.customer.id, 'tenant_id': self.own.id, **values})

    def _claim_of_another(self, name=WWW):
        return self._domain(name, partner_id=self.stranger.id, tenant_id=self.foreign.id)

    def _verified(self, name=WWW, **values):
        domain = self._domain(name, **values)
        domain._set_status('verified')
        domain.points_here = True
        self.env.flush_all()
        return domain

    def _active(self, name=WWW, **values):
        domain = self._verified(name)
        domain.write({'to_publish': True, 'is_active': True, 'is_routed': True, 'is_route_live': True, 'ssl_status': 'active',
                      'cloudflare_configured': True, 'tunnel_ingress_configured': True, **values})
        self.env.flush_all()
        return domain

    def _points_to(self, target, name=WWW):
        """The customer sets his CNAME."""
        self.dns.behave(name, rows((name, 60, 'CNAME', f'{target}.')))
        self.dns.behave(target, rows((target, 60, 'A', '127.0.0.1')), 'A')

    def _not_yet(self, path, headers=None):
        """The documented answer of 400, which is no error."""
        self.env.flush_all()
        answer = self.opener.request('POST', self.base_url() + path, headers={**JSON, **(headers or {})}, timeout=30)
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, 400, answer.text)
        self.assertEqual(answer.headers['Content-Type'], 'application/json')
        return json.loads(answer.text)
