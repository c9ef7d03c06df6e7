"""Webhooks and their deliveries."""
import re
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from odoo.addons.saas_master.controllers.api.examples import EXAMPLES, PATH_EXAMPLES
from odoo.addons.saas_master.controllers.api.openapi import TAGS
from odoo.addons.saas_master.controllers.api.schemas import (
    LARGEST,
    ONLY_WHAT_IS_SENT,
    PATH_TEXTS,
    PATHS,
    Body,
    Label,
    Limit,
    Moment,
    Nullable,
    Number,
    Offset,
    Out,
    Query,
    Text,
)
from odoo.addons.saas_master.controllers.api.schemas_tenants import Customer, Reference
from odoo.addons.saas_master.controllers.api.texts import _lt

from ...edge.webhook_target import LONGEST
from ...models.saas_webhook import EVENTS

TAGS['webhooks'] = _lt('Webhooks')
PATHS.update({'webhook': re.compile('[1-9][0-9]{0,8}'), 'delivery': re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')})
PATH_TEXTS.update({'webhook': _lt('Number of the webhook.'), 'delivery': _lt('Number of the delivery.')})
PATH_EXAMPLES.update({'webhook': '7', 'delivery': '1f0e6a52-8c1b-4a43-9d3f-1c1f2f5c0a11'})

Event = Literal[EVENTS]
Events = Annotated[list[Event], Field(max_length=len(EVENTS), description=_lt('Of what it is told; empty: of everything.'))]
Url = Annotated[str, Field(min_length=1, max_length=LONGEST, description=_lt(
    'It begins with https:// and leads to a host on the public internet.'))]
DeliveryState = Literal['pending', 'delivered', 'failed']
SECRET = _lt('Signs what is sent. It is shown now and never again.')


class Webhook(Out):
    id: int
    name: str
    url: str
    events: list[Event] = Field(description=_lt('Of what it is told; empty: of everything.'))
    state: Literal['live', 'paused']
    pause_reason: Annotated[Literal['person', 'failing'] | None, Nullable]
    failing_since: Moment = Field(description=_lt('Every attempt since then has failed.'))
    customer: Reference | None = Field(description=_lt('For staff; null for customers, and where it is that of staff.'))
    waiting: int = Field(description=_lt('Deliveries that wait.'))
    old_secret_until: Moment = Field(description=_lt('Until then the secret before signs as well.'))
    created_at: Moment


class WebhookWithSecret(Out):
    webhook: Webhook
    secret: str = Field(description=SECRET)


class WebhookPage(Out):
    items: list[Webhook]
    total: int


class WebhookQuery(Query):
    customer: Annotated[Number, Field(ge=1, le=LARGEST, description=_lt("Number of the customer's contact."))] | None = None
    limit: Limit = 20
    offset: Offset = 0


class NewWebhook(Body):
    name: Label
    url: Url
    events: Events = []
    customer: Customer | None = Field(None, description=_lt('For managers: whose it is. Without one it is that of staff.'))


class WebhookChange(Body):
    model_config = ConfigDict(json_schema_extra={'description': ONLY_WHAT_IS_SENT})

    name: Label = None
    url: Url = None
    events: Events = None
    paused: bool = None


class Delivery(Out):
    id: str = Field(description=_lt('The same at each attempt; the header Saas-Delivery.'))
    event: str
    subject: Text
    state: DeliveryState
    attempts: int
    replays: int
    next_at: Moment = Field(description=_lt('Null when it has ended.'))
    tried_at: Moment
    status: int | None = Field(description=_lt('HTTP status of the latest answer; null without one.'))
    answer: Text = Field(description=_lt('The beginning of the latest answer.'))
    error: Text = Field(description=_lt('What stood in the way.'))
    milliseconds: int
    payload: str = Field(description=_lt('The body as it is sent.'))
    created_at: Moment


class DeliveryPage(Out):
    items: list[Delivery]
    total: int


class DeliveryQuery(Query):
    state: DeliveryState | None = None
    limit: Limit = 20
    offset: Offset = 0


WEBHOOK = {
    'id': 7, 'name': 'Our chat', 'url': 'https://hooks.example.com/saas', 'events': ['tenant.running', 'domain.active'],
    'state': 'live', 'pause_reason': None, 'failing_since': None, 'customer': None, 'waiting': 0, 'old_secret_until': None,
    'created_at': '2030-01-31T12:00:00Z'}
DELIVERY = {
    'id': PATH_EXAMPLES['delivery'], 'event': 'domain.active', 'subject': 'www.impulse-max.com', 'state': 'pending',
    'attempts': 2, 'replays': 0, 'next_at': '2030-01-31T12:01:10Z', 'tried_at': '2030-01-31T12:00:50Z', 'status': 503,
    'answer': 'busy', 'error': 'It answered with the status 503.', 'milliseconds': 120, 'payload': '{"id":"…"}',
    'created_at': '2030-01-31T12:00:30Z'}
EXAMPLES.update({
    'NewWebhook': {'name': 'Our chat', 'url': 'https://hooks.example.com/saas', 'events': ['tenant.running', 'domain.active']},
    'WebhookChange': {'paused': True},
    'Webhook': WEBHOOK,
    'WebhookPage': {'items': [WEBHOOK], 'total': 1},
    'WebhookWithSecret': {'webhook': WEBHOOK, 'secret': 'whsec_…'},
    'Delivery': DELIVERY,
    'DeliveryPage': {'items': [DELIVERY], 'total': 1},
})
