"""What a person does with webhooks: in the portal, by the REST API and in the backend."""
from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_master.const import MANAGER
from odoo.addons.saas_master.step_up import step_up

from .saas_webhook import PING

PINGS = (10, 600)           # of one endpoint, within seconds
REPLAYS = (100, 3600)       # of one endpoint, within seconds


class SaasWebhook(models.Model):
    _inherit = 'saas.webhook'

    # -- who may --------------------------------------------------------------------------------

    def _may_act(self):
        """A manager; or a contact who may act, on his own company's. Nobody else knows that there are any."""
        if self.env.user.has_group(MANAGER):
            return True
        person = self.env.user.partner_id
        return person.saas_right == 'act' and all(
            hook.partner_id == person.commercial_partner_id for hook in self.sudo())

    def _check_act(self):
        self.check_access('read')
        if not self._may_act():
            raise AccessError(_('Only a colleague who may act looks after webhooks. Ask one of them.'))

    # -- acts -----------------------------------------------------------------------------------

    @api.model
    def _person_add(self, values, partner=None):
        """Keep an endpoint; (record, its secret). ``values``: name, url, events. ``partner``: whose, for a manager.

        Raises AccessError, or UserError with what is wrong. The secret is shown now and never again.
        """
        self._check_act()
        if not self.env.user.has_group(MANAGER):
            partner = self.env.user.partner_id.commercial_partner_id
        hooks = self.sudo()
        hooks._check_room(partner)
        hook = hooks.create({**values, 'partner_id': partner.id if partner else False, 'secret_shown': True})
        self.env['saas.audit']._note('create', hook)
        return hook.with_env(self.env), hook._keys()[0]

    @api.model
    def _check_room(self, partner):
        """Two who add at the same moment: both update the customer's row, the later one is repeated, and then sees."""
        if not partner:
            return
        limit = self.env['saas.domain.settings']._number('webhooks_per_customer')
        self.env.flush_all()
        self.env.cr.execute('UPDATE res_partner SET active = active WHERE id = %s', [partner.id], log_exceptions=False)
        if limit and self.search_count([('partner_id', '=', partner.id)]) >= limit:
            raise UserError(_('You have %s webhooks, which is as many as there can be. Remove one first.', limit))

    def _person_change(self, values):
        self.ensure_one()
        self._check_act()
        self.sudo().write(values)
        self.env['saas.audit']._note('change', self, ', '.join(sorted(values)))

    def _person_roll(self):
        """The new secret, shown now and never again. Raises StepUpRequired without a fresh proof."""
        self.ensure_one()
        self._check_act()
        self.env['saas.step.up']._require('secret')
        secret = self._roll()
        self.env['saas.audit']._note('change_secret', self)
        return secret

    def _person_pause(self):
        self._check_act()
        self.sudo().filtered(lambda hook: hook.state == 'live').write({'state': 'paused', 'pause_reason': 'person'})
        self.env['saas.audit']._note('pause_webhook', self)

    def _person_resume(self):
        """What has waited meanwhile goes out, unless it was given up."""
        self._check_act()
        self.sudo().filtered(lambda hook: hook.state == 'paused').write(
            {'state': 'live', 'pause_reason': False, 'failing_since': False})
        self.env['saas.webhook.delivery'].sudo()._wake()
        self.env['saas.audit']._note('resume_webhook', self)

    def _person_ping(self):
        """Send an event of no meaning; the delivery log shows what came of it. Raises RateLimited."""
        self.ensure_one()
        self._check_act()
        if self.state != 'live':
            raise UserError(_('It is paused. Resume it first.'))
        self.env['saas.rate']._count('webhook-ping', str(self.id), *PINGS)
        self.env['saas.audit']._note('ping_webhook', self)
        return self.env['saas.webhook.delivery'].sudo()._queue([self.sudo()._delivery(PING, {})])

    def _person_remove(self):
        """Nothing is sent from now on; the rest of it goes a day later."""
        self._check_act()
        self.env['saas.audit']._note('remove', self)
        self.sudo().write({'active': False, 'secret_sealed': False, 'old_secret_sealed': False, 'old_secret_until': False})

    # -- buttons --------------------------------------------------------------------------------

    def action_ping(self):
        for hook in self:
            hook._person_ping()
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': 'success', 'title': _('Ping'), 'message': _('A ping is on its way. The deliveries show what comes of it.'),
            'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}

    def action_pause(self):
        self._person_pause()
        return True

    def action_resume(self):
        self._person_resume()
        return True

    def action_remove(self):
        self._person_remove()
        return {'type': 'ir.actions.act_window', 'name': _('Webhooks'), 'res_model': 'saas.webhook', 'view_mode': 'list,form',
                'views': [(False, 'list'), (False, 'form')], 'target': 'main'}

    @step_up('secret')
    def action_show_secret(self):
        """For an endpoint that was made in the backend: once."""
        self.ensure_one()
        self._check_act()
        if self.secret_shown:
            raise UserError(_('The secret was shown once and is not shown again. Roll it to get a new one.'))
        self.sudo().secret_shown = True
        self.env['saas.audit']._note('show_secret', self)
        return self._show(self._keys()[0])

    @step_up('secret')
    def action_roll_secret(self):
        return self._show(self._person_roll())

    def _show(self, secret):
        return {'type': 'ir.actions.act_window', 'name': _('Secret'), 'res_model': 'saas.webhook.secret.show',
                'views': [(False, 'form')], 'target': 'new', 'context': {'default_secret': secret}}

    def action_view_deliveries(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Deliveries'), 'res_model': 'saas.webhook.delivery',
                'view_mode': 'list,form', 'domain': [('webhook_id', '=', self.id)]}

    def action_view_audit(self):
        return self.env['saas.audit']._action_of(self)


class SaasWebhookSecretShow(models.AbstractModel):
    """Shows a secret once. It has no table, so nothing of it is stored."""

    _name = 'saas.webhook.secret.show'
    _description = 'Show Secret of a Webhook'

    id = fields.Id()        # the form's onchange, which brings the value, asks for it
    secret = fields.Char(readonly=True)
