"""/api/webhooks: endpoints that are told of state changes. A customer's are his own company's; staff have theirs."""
from odoo import http

from odoo.addons.saas_master.controllers.api.dispatcher import Answer
from odoo.addons.saas_master.controllers.api.endpoint import endpoint
from odoo.addons.saas_master.controllers.api.errors import ApiError
from odoo.addons.saas_master.controllers.api.provisioning import find_customer
from odoo.addons.saas_master.controllers.api.reading import invalid
from odoo.addons.saas_master.controllers.api.tenants import NOTHING_SENT
from odoo.addons.saas_master.controllers.api.texts import _lt

from .schemas_webhooks import (
    Delivery,
    DeliveryPage,
    DeliveryQuery,
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookPage,
    WebhookQuery,
    WebhookWithSecret,
)

TAG = 'webhooks'
ACTS = _lt('For managers, and contacts who may act.')


class WebhooksApi(http.Controller):

    @endpoint('GET', '/api/webhooks', tag=TAG, summary=_lt('List webhooks'), query=WebhookQuery, answers={200: WebhookPage},
              description=_lt("Staff see all of them, contacts who may act those of their company."))
    def list_webhooks(self, call):
        query, hooks = call.query, call.env['saas.webhook']
        domain = [('partner_id', '=', query.customer)] if query.customer else []
        found = hooks.search(domain, limit=query.limit, offset=query.offset)
        return {'items': [_show(call, hook) for hook in found], 'total': hooks.search_count(domain)}

    @endpoint('POST', '/api/webhooks', tag=TAG, summary=_lt('Add a webhook'), body=NewWebhook, errors=('conflict', 'forbidden'),
              answers={201: WebhookWithSecret}, description=ACTS)
    def add_webhook(self, call):
        body = call.body
        partner = find_customer(call, body.customer) if call.is_manager else None
        hook, secret = call.env['saas.webhook']._person_add(
            {'name': body.name, 'url': body.url, 'events': ', '.join(body.events)}, partner)
        return Answer({'webhook': _show(call, hook), 'secret': secret}, headers={'Location': f'/api/webhooks/{hook.id}'})

    @endpoint('GET', '/api/webhooks/{webhook}', tag=TAG, summary=_lt('Read a webhook'), answers={200: Webhook})
    def read_webhook(self, call, webhook):
        return _show(call, _find(call, webhook))

    @endpoint('PATCH', '/api/webhooks/{webhook}', tag=TAG, summary=_lt('Change a webhook'), body=WebhookChange,
              answers={200: Webhook}, errors=('forbidden',), description=ACTS)
    def change_webhook(self, call, webhook):
        hook, values = _find(call, webhook), call.body.model_dump(exclude_unset=True)
        if not values:
            raise invalid([('body', 'missing', call.text(NOTHING_SENT))])
        paused = values.pop('paused', None)
        if 'events' in values:
            values['events'] = ', '.join(values['events'])
        if values:
            hook._person_change(values)
        if paused is not None and paused != (hook.state == 'paused'):
            (hook._person_pause if paused else hook._person_resume)()
        return _show(call, hook)

    @endpoint('DELETE', '/api/webhooks/{webhook}', tag=TAG, summary=_lt('Remove a webhook'), answers={204: None},
              errors=('forbidden',), description=_lt('Nothing is sent to it from now on.'))
    def remove_webhook(self, call, webhook):
        _find(call, webhook)._person_remove()

    @endpoint('POST', '/api/webhooks/{webhook}/roll', tag=TAG, summary=_lt('Roll the secret'), answers={200: WebhookWithSecret},
              errors=('step_up_required', 'forbidden'), description=_lt(
                  'The present secret goes on signing beside the new one for a day. Needs a fresh proof of the kind "secret".'))
    def roll_webhook(self, call, webhook):
        hook = _find(call, webhook)
        return {'secret': hook._person_roll(), 'webhook': _show(call, hook)}

    @endpoint('POST', '/api/webhooks/{webhook}/ping', tag=TAG, summary=_lt('Send a ping'), answers={202: Delivery},
              errors=('conflict', 'forbidden'), description=_lt('An event without meaning; its delivery shows what came of it.'))
    def ping_webhook(self, call, webhook):
        return _show_delivery(_find(call, webhook)._person_ping())

    @endpoint('GET', '/api/webhooks/{webhook}/deliveries', tag=TAG, summary=_lt('List deliveries'), query=DeliveryQuery,
              answers={200: DeliveryPage}, description=_lt('The newest first.'))
    def list_deliveries(self, call, webhook):
        query, deliveries = call.query, call.env['saas.webhook.delivery']
        domain = [('webhook_id', '=', _find(call, webhook).id)] + ([('state', '=', query.state)] if query.state else [])
        found = deliveries.search(domain, limit=query.limit, offset=query.offset)
        return {'items': [_show_delivery(delivery) for delivery in found], 'total': deliveries.search_count(domain)}

    @endpoint('POST', '/api/webhooks/{webhook}/deliveries/{delivery}/replay', tag=TAG, summary=_lt('Replay a delivery'),
              answers={202: Delivery}, errors=('forbidden',), description=_lt(
                  'The same body under the same number is sent again, and retried for three days from now.'))
    def replay_delivery(self, call, webhook, delivery):
        found = call.env['saas.webhook.delivery'].search(
            [('webhook_id', '=', _find(call, webhook).id), ('number', '=', delivery)])
        if not found:
            raise ApiError('not_found')
        found._person_replay()
        return _show_delivery(found)


def _find(call, number):
    """The webhook, if the caller may see it; else 404, which tells nothing more."""
    hook = call.env['saas.webhook'].search([('id', '=', int(number))])
    if not hook:
        raise ApiError('not_found')
    return hook


def _show(call, hook):
    partner = hook.sudo().partner_id
    return {
        **{name: hook[name] for name in ('id', 'name', 'url', 'state', 'pause_reason', 'failing_since', 'old_secret_until')},
        'events': hook._event_codes() if hook.events else [], 'waiting': hook.waiting_count, 'created_at': hook.create_date,
        'customer': {'id': partner.id, 'name': partner.name} if call.is_staff and partner else None}


def _show_delivery(delivery):
    return {
        **{name: delivery[name] for name in ('event', 'subject', 'state', 'attempts', 'replays', 'tried_at', 'milliseconds',
                                             'payload')},
        'id': delivery.number, 'next_at': delivery.next_at if delivery.state == 'pending' else None,
        'status': delivery.status or None, 'answer': delivery.words or None, 'error': delivery.error or None,
        'created_at': delivery.create_date}
