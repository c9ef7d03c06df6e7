"""How Stripe is asked, and what a person reads when it does not answer as hoped."""
from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import AuthError, DriverError

from ..drivers.stripe_api import StripeApi


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    def _api(self):
        """The client of this account; UserError without a key. DriverError where the vault cannot open it."""
        self.ensure_one()
        key = self._open_key()
        if not key:
            raise UserError(self._problem_templates()['no_key'])
        if ('_live_' in key[:8]) != (self.mode == 'live'):
            raise AuthError('The key is of another mode than the account.', problem='stripe_mode')
        return StripeApi(key, self.api_base)

    def _ask(self, work):
        """``work(api)`` for a person who waits for it: an error becomes words that say what to do."""
        try:
            return work(self._api())
        except DriverError as error:
            raise UserError(self._problem_text(error)) from error

    @api.model
    def _problem_text(self, error):
        """A driver's error in the language of who reads it."""
        return self._problem_words({'problem': error.problem, 'values': {
            'words': error.words, **getattr(error, 'values', {})}})

    @api.model
    def _problem_words(self, look):
        told = self._problem_templates().get(look['problem'], '%(words)s')
        try:
            return told % {'words': '', 'param': '', **look['values']}
        except (KeyError, ValueError):
            return look['values'].get('words', '') or told

    @api.model
    def _problem_templates(self):
        return {
            **self._answer_problems(),
            'no_key': _('There is no key of Stripe yet. Enter one (button Enter Key).'),
            'account_other': _('The key is of the Stripe account %(found)s; what was made here is at %(wanted)s. Enter a key of '
                               'that one, or make a new account here.'),
            'charges_off': _('Stripe does not let this account charge anybody yet. Complete it in Stripe\'s dashboard.'),
            'webhook_missing': _('Stripe has no endpoint to tell us at. Press Register Webhook.'),
            'webhook_url': _('Stripe tells %(found)s, not %(wanted)s. Press Register Webhook, or correct the address of this '
                             'website.'),
            'webhook_version': _('The endpoint has the API version %(found)s, we need %(wanted)s. Press Register Webhook '
                                 'for another one and remove the old one at Stripe.'),
            'webhook_disabled': _('The endpoint is disabled at Stripe. Enable it there.'),
            'webhook_types': _('The endpoint does not tell of: %(types)s. Add these at Stripe, or press Register Webhook.'),
            'webhook_secret': _('No signing secret is entered: everything Stripe sends is refused. Copy it from the endpoint, or '
                                'press Register Webhook.'),
            'prices_none': _('No price is for sale. Set the payment of a plan and give it a price.'),
            'prices_missing': _('%(count)s prices are not at Stripe yet. %(words)s'),
            'prices_archived': _('%(count)s prices were archived at Stripe by hand. New ones are on their way.'),
            'tax_prices': _('%(count)s prices are not made for Stripe Tax yet; new ones are on their way.'),
        }

    @api.model
    def _answer_problems(self):
        return {
            'stripe_silent': _('Stripe does not answer in time. Try again in a minute.'),
            'stripe_unreachable': _('Stripe cannot be reached. Try again in a minute; if it stays so, check the network.'),
            'stripe_busy': _('Stripe is busy at this moment. Try again in a minute.'),
            'stripe_refused_key': _('Stripe refuses the key. Make a new one in its dashboard and enter it. (%(words)s)'),
            'stripe_gone': _('Stripe does not know it any more. (%(words)s)'),
            'stripe_card': _('The payment was refused: %(words)s'),
            'stripe_refused': _('Stripe refuses it: %(words)s'),
            'stripe_address': _('What answers at the API address is not Stripe\'s API. Correct the address of the account.'),
            'stripe_idempotency': _('The same was asked for a moment ago with other values. Try again.'),
            'stripe_mode': _('The key and what was asked for are not of the same mode: test and live never mix. Enter the key of '
                             'the right mode.'),
        }
