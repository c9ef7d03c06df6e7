"""Whether a Stripe account can be worked with: key, mode, account, endpoint, prices; and the buttons that put it right."""
import logging
from dataclasses import asdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from odoo.addons.saas_master.drivers.errors import DriverError, Permanent
from odoo.addons.saas_master.drivers.looks import Look, Wrong
from odoo.addons.saas_master.models.saas_node_problems import look_rows
from odoo.addons.saas_master.step_up import step_up

from ..const import EVENT_TYPES
from ..drivers.stripe_errors import made
from ..drivers.stripe_words import API_VERSION

_logger = logging.getLogger(__name__)

PATH = '/saas/stripe/webhook'
ACTIVITY = 'saas_billing.mail_activity_billing'


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    health = fields.Selection([('unknown', 'Unknown'), ('ok', 'Healthy'), ('bad', 'Needs attention')],
                              default='unknown', required=True, readonly=True, copy=False)
    health_looks = fields.Json(readonly=True, copy=False)
    health_note = fields.Text('What is Wrong', compute='_compute_health_words')
    health_list = fields.Html('Checks', compute='_compute_health_words', sanitize=False)
    health_checked_at = fields.Datetime('Checked at', readonly=True, copy=False)

    @api.depends('health_looks')
    @api.depends_context('lang')
    def _compute_health_words(self):
        for account in self:
            looks = account.health_looks or []
            account.health_note = '\n'.join(
                account._problem_words(look) for look in looks if look['problem'] not in ('', 'not_asked')) or False
            account.health_list = look_rows(account, looks)

    @api.model
    def _part_names(self):
        return {'key': _('Key'), 'account': _('Account'), 'webhook': _('Webhook endpoint'), 'secret': _('Signing secret'),
                'prices': _('Prices'), 'tax': _('Stripe Tax')}

    # -- buttons --------------------------------------------------------------------------------

    def action_test(self):
        """Ask Stripe now and name what is missing."""
        self.check_access('write')
        self.env['saas.audit']._note('test_stripe', self)
        self.sudo()._check_health()
        bad = self.filtered(lambda account: account.health != 'ok')
        return self._notice('\n'.join(filter(None, bad.mapped('health_note'))), _('Healthy: every check is well.'))

    @step_up('secret')
    def action_register_webhook(self):
        """Make an endpoint at Stripe that tells this website, and keep its signing secret; others of this address go."""
        self.ensure_one()
        account = self.sudo()
        url, title = account._webhook_url(), self.env['ir.config_parameter'].sudo().get_param('web.base.url', '')
        endpoint, secret = account._ask(lambda client: client.make_webhook(url, EVENT_TYPES, title))
        account._add_signing_secret(secret)
        account.webhook_endpoint = endpoint
        account._drop_others(url, endpoint)
        self.env['saas.audit']._note('register_webhook', self)
        return self._notice('', _('Stripe tells this website at %s from now on.', url))

    def _drop_others(self, url, endpoint):
        """Endpoints that tell the same address, known or left behind by a request that was broken off, tell everything
        twice. They go when the new one's secret is kept for good: not before the commit."""
        client, name = self._api(), self.name

        def drop():
            try:
                for other in client.list_webhooks():
                    if other.url == url and other.id != endpoint:
                        client.remove_webhook(other.id)
            except DriverError as error:        # they do no harm
                _logger.info('Former endpoints of %s stay: %s', name, error)
        self.env.cr.postcommit.add(drop)

    @step_up('secret')
    def action_make_current(self):
        """New orders are paid here from now on; what runs stays where it is."""
        self.ensure_one()
        account = self.sudo()
        if not account.has_key:
            raise UserError(self._problem_templates()['no_key'])
        if not account.active:
            raise UserError(_('This account is archived.'))
        (account.search([('is_current', '=', True)]) - account).write({'is_current': False})
        self.env.flush_all()
        account.is_current = True
        self.env['saas.audit']._note('make_current', self)
        account._mirror_soon()
        return True

    @step_up('secret')
    def action_forget_old_secrets(self):
        """Only the newest signing secret counts from now on: what Stripe signs with another is refused."""
        for account in self.sudo():
            account._keep_signing_secrets(account._signing_secrets()[:1])
        self.env['saas.audit']._note('forget_secrets', self)
        return True

    def action_mirror(self):
        """Bring products and prices at Stripe in line with the plans now."""
        self.check_access('write')
        for account in self.sudo():
            account._api()
            self.env['saas.stripe.price'].sudo()._mirror_account(account)
        return self._notice('\n'.join(set(filter(None, self._mirrors_missing().mapped('error')))), _('Every price is at Stripe.'))

    def _notice(self, problem, well):
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': 'warning' if problem else 'success', 'sticky': bool(problem), 'title': _('Stripe Accounts'),
            'message': problem or well, 'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}

    @api.model
    def _webhook_url(self):
        return f'{self.get_base_url().rstrip("/")}{PATH}'

    def _mirrors_missing(self):
        return self.env['saas.stripe.price'].sudo().search([
            ('account_id', 'in', self.ids), ('active', '=', True), ('stripe_id', '=', False)])

    # -- looking --------------------------------------------------------------------------------

    @api.model
    def _cron_check_health(self):
        self._usable()._check_health()

    def _check_health(self):
        """One after the other, with no transaction open."""
        transaction = self.env['saas.operation']._transaction
        for account in self:
            examination = transaction(account._examination)
            looks = examination.run()
            transaction(lambda account=account, looks=looks, seen=examination:
                        account.exists()._note_health(looks, seen.found, seen.archived))

    def _examination(self):
        self.ensure_one()
        mirrors = self.env['saas.stripe.price'].search([('account_id', '=', self.id), ('active', '=', True)])
        missing = mirrors.filtered(lambda mirror: not mirror.stripe_id)
        tax = self.automatic_tax and mirrors.filtered(lambda mirror: mirror.tax_behavior == 'unspecified')
        facts = {
            'wanted': self.account_id or '', 'url': self._webhook_url(), 'is_sandbox': self.is_sandbox,
            'secrets': self.webhook_secret_count, 'prices': mirrors.mapped('stripe_id'), 'missing': len(missing),
            'error': missing.mapped('error')[0] or '' if missing else '', 'untaxed': len(tax or ())}
        try:
            return Examination(self._api(), facts)
        except UserError:
            return Examination(None, facts)
        except DriverError as error:
            return Examination(None, facts, error)

    def _note_health(self, looks, found, archived=()):
        """Write it down; people are told of changes only."""
        for account in self:
            account._sell_anew(archived)
            rows, seen = [asdict(look) for look in looks], _codes(account.health_looks)
            account.write({'health': 'bad' if _codes(rows) else 'ok', 'health_looks': rows,
                           'health_checked_at': fields.Datetime.now(),
                           **({'account_id': found} if found and not account.account_id else {})})
            if _codes(rows) != seen:
                account._tell_health()

    def _sell_anew(self, archived):
        """What somebody archived at Stripe by hand nobody could buy: it gets another price there."""
        gone = archived and self.env['saas.stripe.price'].search([('account_id', '=', self.id), ('stripe_id', 'in', archived)])
        if gone:
            gone.write({'active': False, 'archived_at_stripe': True})
            self._mirror_soon()

    def _tell_health(self):
        manager = self.env['saas.operation.subject']._attention_user()
        account = self.with_context(lang=manager.lang)
        planned = account.activity_search([ACTIVITY])
        if account.health == 'ok':
            account.activity_feedback([ACTIVITY], feedback=_('Healthy: every check is well.'))
        elif planned:
            planned.write({'note': plaintext2html(account.health_note)})
        else:
            account.activity_schedule(ACTIVITY, summary=_('The Stripe account needs attention'), user_id=manager.id,
                                      note=plaintext2html(account.health_note))

    def _hold_identity(self, client):
        """A key of another account of Stripe's would mix its objects with ours: AuthError, before anything is made."""
        found = client.read_account().id
        wanted = self.env['saas.operation']._transaction(lambda: self.account_id)
        if wanted and wanted != found:
            raise made(Permanent, 'account_other', 'The key is of another account.', found=found, wanted=wanted)
        if not wanted:
            self.env['saas.operation']._transaction(lambda: self.write({'account_id': found}))


class Examination:
    """Looks at one account from outside; plain values only.

    ``found``: Stripe's id of the account; ``archived``: ids of prices that are sold here and not there.
    """

    def __init__(self, client, facts, error=None):
        self.client, self.facts, self.error = client, facts, error
        self.account, self.found, self.archived = None, '', []

    def run(self):
        looks, blocked = [], False
        for part in ('key', 'account', 'webhook', 'secret', 'prices', 'tax'):
            needs_key = part in ('account', 'webhook')
            look = Look(part, 'not_asked') if blocked and needs_key else self._look(part)
            blocked = blocked or part == 'key' and look.state == 'bad'
            looks.append(look)
        return looks

    def _look(self, part):
        try:
            getattr(self, f'_{part}')()
        except Wrong as wrong:
            return Look(part, wrong.problem, wrong.values)
        except DriverError as error:
            return Look(part, error.problem or 'words', {
                key: value for key, value in {'words': error.words, **getattr(error, 'values', {})}.items()
                if isinstance(value, str | int)})
        return Look(part)

    def _key(self):
        if self.error:
            raise self.error
        if not self.client:
            raise Wrong('no_key')
        self.account = self.client.read_account()
        self.found = self.account.id

    def _account(self):
        if self.facts['wanted'] and self.facts['wanted'] != self.found:
            raise Wrong('account_other', found=self.found, wanted=self.facts['wanted'])
        if not self.account.charges_enabled:
            raise Wrong('charges_off')

    def _webhook(self):
        endpoints = self.client.list_webhooks()
        ours = [endpoint for endpoint in endpoints if self._is_ours(endpoint.url)]
        if not ours:
            others = [endpoint.url for endpoint in endpoints if endpoint.url.endswith(PATH)]
            raise Wrong('webhook_url', found=others[0], wanted=self.facts['url']) if others else Wrong('webhook_missing')
        self._endpoint(ours)

    def _endpoint(self, ours):
        """One that is in order is enough: others may be on their way out."""
        wrong = [problem for endpoint in ours if (problem := self._endpoint_problem(endpoint))]
        if len(wrong) == len(ours):
            raise wrong[0]

    def _endpoint_problem(self, endpoint):
        if not endpoint.is_enabled:
            return Wrong('webhook_disabled')
        if endpoint.api_version and endpoint.api_version != API_VERSION:
            return Wrong('webhook_version', found=endpoint.api_version, wanted=API_VERSION)
        lacking = [] if '*' in endpoint.types else sorted(set(EVENT_TYPES).difference(endpoint.types))
        return Wrong('webhook_types', types=', '.join(lacking)) if lacking else None

    def _is_ours(self, url):
        """A sandbox tells us by whatever address reaches us on this machine."""
        return url == self.facts['url'] or self.facts['is_sandbox'] and url.endswith(PATH)

    def _secret(self):
        if not self.facts['secrets']:
            raise Wrong('webhook_secret')

    def _prices(self):
        if not self.facts['prices']:
            raise Wrong('prices_none')
        if self.facts['missing']:
            raise Wrong('prices_missing', count=self.facts['missing'], words=self.facts['error'])
        if self.account:
            sold = {price.id for price in self.client.list_prices() if price.active}
            self.archived = [stripe_id for stripe_id in self.facts['prices'] if stripe_id not in sold]
        if self.archived:
            raise Wrong('prices_archived', count=len(self.archived))

    def _tax(self):
        if self.facts['untaxed']:
            raise Wrong('tax_prices', count=self.facts['untaxed'])


def _codes(looks):
    return {(look['part'], look['problem']) for look in looks or () if look['problem'] not in ('', 'not_asked')}
