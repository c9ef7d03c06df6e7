from odoo.addons.saas_master.tests.portal_common import PortalCase

from ..edge import webhook
from .edge.webhook_fixtures import serving

URL = 'https://hooks.example.com/in'


class WebhookCase(PortalCase):
    """Endpoints of customers are real servers on loopback, which only the setting for tests lets us send to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['saas.webhook'].search([]).write({'active': False})
        cls.Webhook, cls.Delivery = cls.env['saas.webhook'], cls.env['saas.webhook.delivery']

    def _allow_local(self):
        self.env['ir.config_parameter'].set_param('saas_domains.webhook_allow_local', '1')

    def _endpoint(self, behave=None):
        self._allow_local()
        context = serving(behave)
        server = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return server

    def _hook(self, url=URL, partner=None, **values):
        return self.Webhook.create({'name': 'Chat', 'url': url, 'partner_id': partner and partner.id, **values})

    def _hook_to(self, server, partner=None, **values):
        return self._hook(f'http://127.0.0.1:{server.port}/in', partner, **values)

    def _send(self, hours=0):
        """Let the cron run, as if ``hours`` had passed for what waits."""
        self.env.flush_all()
        self.cr.execute("""
            UPDATE saas_webhook_delivery SET next_at = next_at - %(h)s * interval '1 hour',
                   give_up_at = give_up_at - %(h)s * interval '1 hour';
            UPDATE saas_webhook SET failing_since = failing_since - %(h)s * interval '1 hour',
                   noticed_at = noticed_at - %(h)s * interval '1 hour'""", {'h': hours})
        self.env.invalidate_all()
        self.Delivery._cron_send()
        self.env.invalidate_all()

    def _verified(self, hook, request):
        _path, headers, body = request
        return webhook.verify(headers['Saas-Signature'], body, hook._keys())
