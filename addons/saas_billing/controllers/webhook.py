import json

from odoo import http
from odoo.http import request

from odoo.addons.saas_master.controllers.api.reading import BODY_LIMIT, read_body

from .. import inbox
from ..drivers.webhook import Refused
from ..waker import WAKER

PATH = '/saas/stripe/webhook'
JSON = 'application/json'


class SaasStripeWebhook(http.Controller):
    """Where Stripe delivers. Who it is shows in the signature alone; what is stored is worked off by a cron."""

    @http.route(PATH, type='saas_rest', auth='none', methods=['POST'], csrf=False, save_session=False, readonly=False,
                max_content_length=BODY_LIMIT)
    def receive(self):
        sent, cr = request.httprequest, request.env.cr
        try:
            is_new = inbox.receive(cr, read_body(sent), sent.headers.get('Stripe-Signature', ''))
        except Refused as refused:
            return self._answer({'error': refused.code}, 400)
        if is_new:
            cr.postcommit.add(lambda name=cr.dbname: WAKER.wake(name))
        return self._answer({'received': True}, 200)

    def _answer(self, content, status):
        return http.Response(json.dumps(content), status=status, content_type=JSON)
