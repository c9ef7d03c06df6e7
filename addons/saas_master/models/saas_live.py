"""Progress that moves on staff's screens: the ledger tells the bus, in the transaction of the step."""
from odoo import api, models

from ..const import STAFF

NOTICE = 'saas_operation'       # type of the notification in the browser


class SaasLive(models.AbstractModel):
    """The channel of the ledger. It is named by a record, which no browser can ask for: they send strings only."""

    _name = 'saas.live'
    _description = 'Live Progress of SaaS Operations'

    @api.model
    def _channel(self):
        return (self.env.ref(STAFF), 'operations')

    @api.model
    def _send(self, payload):
        self.env['bus.bus']._sendone(self._channel(), NOTICE, payload)


class IrWebsocket(models.AbstractModel):
    _inherit = 'ir.websocket'

    def _build_bus_channel_list(self, channels):
        channels = super()._build_bus_channel_list(channels)
        if self.env.user.has_group(STAFF):
            channels.append(self.env['saas.live']._channel())
        return channels


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    def _tell(self, step=None):
        """Say where the operation is: numbers and codes only, since a notification outlives the right to read it."""
        steps = self.step_ids
        over = sum(one.state in ('done', 'skipped') for one in steps)
        self.env['saas.live']._send({
            'operation': self.id, 'tenant': self.tenant_id.id, 'template': self.template_id.id, 'state': self.state,
            'step': step.code if step else False, 'percent': 100 * over // len(steps) if steps else 0,
        })
