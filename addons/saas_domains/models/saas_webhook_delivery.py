from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.saas_master.series import Constraint

from .saas_webhook import GIVE_UP_DAYS
from .saas_webhook_acts import REPLAYS

CRON = 'saas_domains.cron_webhooks'
BATCH = 10_000


class SaasWebhookDelivery(models.Model):
    """One event for one endpoint: what is sent, and what came of the latest attempt.

    At least once: whoever is killed between sending and noting it sends it again, with the same number.
    """

    _name = 'saas.webhook.delivery'
    _description = 'Webhook Delivery'
    _order = 'id desc'
    _rec_name = 'number'

    webhook_id = fields.Many2one('saas.webhook', required=True, readonly=True, index=True, ondelete='cascade')
    number = fields.Char(required=True, readonly=True, help='By this the endpoint tells what it has had already.')
    event = fields.Char(required=True, readonly=True, index=True)
    res_model = fields.Char('Model', readonly=True)
    res_id = fields.Many2oneReference('Record', model_field='res_model', readonly=True)
    subject = fields.Char(readonly=True)
    payload = fields.Text(required=True, readonly=True, help='The body as it is sent.')
    state = fields.Selection([('pending', 'Waiting'), ('delivered', 'Delivered'), ('failed', 'Given up')], required=True,
                             default='pending', readonly=True, index=True)
    attempts = fields.Integer(readonly=True, required=True, default=0)
    replays = fields.Integer(readonly=True, required=True, default=0)
    next_at = fields.Datetime('Next Attempt', required=True, readonly=True)
    give_up_at = fields.Datetime('Given up on', required=True, readonly=True)
    tried_at = fields.Datetime('Latest Attempt', readonly=True)
    delivered_at = fields.Datetime('Delivered on', readonly=True)
    status = fields.Integer('HTTP Status', readonly=True)
    words = fields.Text('Answer', readonly=True, help='The beginning of it.')
    milliseconds = fields.Integer('Took (ms)', readonly=True)
    problem = fields.Char(readonly=True, help='Code of what stood in the way of an answer.')
    error = fields.Char(compute='_compute_error')

    _number_uniq = Constraint('UNIQUE (number)', 'Another delivery has this number already.')

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_webhook_delivery_due ON saas_webhook_delivery (webhook_id, id)
             WHERE state = 'pending';
            CREATE INDEX IF NOT EXISTS saas_webhook_delivery_next ON saas_webhook_delivery (next_at) WHERE state = 'pending'""")

    @api.depends('problem', 'status', 'state', 'tried_at')
    @api.depends_context('lang')
    def _compute_error(self):
        messages = self._messages()
        for delivery in self:
            text = messages.get(delivery.problem, '')
            if delivery.status and not 200 <= delivery.status < 300:
                redirect = _('It answered with a redirect (%s), which is not followed.', delivery.status)
                text = redirect if delivery.status // 100 == 3 else _('It answered with the status %s.', delivery.status)
            if not text and delivery.state == 'failed' and not delivery.tried_at:
                text = _('It was paused until this one was given up.')
            delivery.error = text

    @api.model
    def _messages(self):
        target = {code: self.env['saas.webhook']._url_message(code)
                  for code in ('form', 'scheme', 'credentials', 'host', 'port')}
        return {
            **target,
            'not_public': _('Its name leads to an address that is not on the public internet. Correct it in your DNS.'),
            'no_address': _('Its name has no address. Correct the address, or your DNS.'),
            'no_look_up': _('Its name could not be looked up. We try again.'),
            'timeout': _('It did not answer within some seconds. Take the event, answer at once and do the work later.'),
            'certificate': _('Its certificate is not valid for its name. Renew it, with all intermediate certificates.'),
            'tls': _('It does not speak TLS 1.2 or later.'),
            'unreachable': _('It takes no connection. Is it running, and does a firewall keep us out?'),
            'broken': _('It broke off, or its answer was no HTTP.'),
            'secret': _('Its secret cannot be opened. Roll it.'),
        }

    @api.model
    def _queue(self, rows):
        deliveries = self.create(rows)
        if deliveries:
            self._wake()
        return deliveries

    @api.model
    def _wake(self):
        """Once is enough for one transaction."""
        if not self.env.cr.precommit.data.get('saas_webhooks'):
            self.env.cr.precommit.data['saas_webhooks'] = True
            self.env.ref(CRON).sudo()._trigger()

    # -- again ----------------------------------------------------------------------------------

    def _person_replay(self):
        """Send it once more, the same body under the same number, for three days from now. Raises RateLimited."""
        hooks = self.webhook_id
        hooks._check_act()
        for delivery in self.sudo():
            self.env['saas.rate']._count('webhook-replay', str(delivery.webhook_id.id), *REPLAYS)
            now = fields.Datetime.now()
            delivery.write({'state': 'pending', 'attempts': 0, 'replays': delivery.replays + 1, 'next_at': now,
                            'give_up_at': now + timedelta(days=GIVE_UP_DAYS)})
        self.env['saas.audit']._note('replay_webhook', self)
        self.sudo()._wake()

    def action_replay(self):
        self.check_access('read')
        self._person_replay()
        return True

    def action_open_record(self):
        self.ensure_one()
        self.check_access('read')
        return {'type': 'ir.actions.act_window', 'res_model': self.res_model, 'res_id': self.res_id,
                'views': [(False, 'form')]} if self.res_model and self.res_id else False

    @api.autovacuum
    def _prune(self):
        """What ended long ago is forgotten, some at a time; the rest goes the next day."""
        days = self.env['saas.domain.settings']._number('webhook_days')
        self.env.cr.execute("""
            DELETE FROM saas_webhook_delivery WHERE id IN (
                SELECT id FROM saas_webhook_delivery
                 WHERE state != 'pending' AND coalesce(tried_at, create_date) < now() AT TIME ZONE 'UTC' - %s * interval '1 day'
                 ORDER BY id LIMIT %s)""", [days, BATCH])
        self.env.invalidate_all()
