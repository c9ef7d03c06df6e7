from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.saas_master.models.saas_rate import RateLimited
from odoo.addons.saas_master.series import call_kw
from odoo.addons.saas_master.step_up import StepUpRequired

from .webhook_common import URL, WebhookCase

GOOD = {'name': 'Mine', 'url': URL, 'events': 'domain.active'}


class TestAccess(WebhookCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = new_test_user(cls.env, 'hook-support', groups='saas_master.group_saas_support')
        cls.own, cls.foreign_hook, cls.staff = (
            cls.Webhook.create({'name': name, 'url': URL, 'partner_id': partner and partner.id})
            for name, partner in (('own', cls.customer), ('foreign', cls.stranger), ('staff', None)))
        cls.deliveries = (cls.own | cls.foreign_hook | cls.staff).mapped(lambda hook: hook._person_ping())

    def _of(self, user, records=None):
        return (records if records is not None else self.Webhook).with_user(user)

    def test_who_sees_which(self):
        for user, seen in ((self.act, ['own']), (self.outsider, ['foreign']), (self.look, []), (self.none, []),
                           (self.support, ['staff', 'foreign', 'own']), (self.manager, ['staff', 'foreign', 'own'])):
            self.assertEqual(self._of(user).search([]).mapped('name'), seen, user.login)
            self.assertEqual(len(self._of(user, self.Delivery).search([])), len(seen), user.login)
        with self.assertRaises(AccessError):
            self._of(self.employee).search([])

    @mute_logger('odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model', 'odoo.models')
    def test_nobody_reaches_another_ones(self):
        for user in (self.act, self.look, self.none, self.employee):
            for hook in (self.foreign_hook, self.staff):
                for act in (lambda h: h.read(['url']), lambda h: h._person_change({'name': 'x'}), lambda h: h._person_roll(),
                            lambda h: h._person_pause(), lambda h: h._person_resume(), lambda h: h._person_ping(),
                            lambda h: h._person_remove(), lambda h: h.write({'url': URL}), lambda h: h.unlink()):
                    with self.assertRaises(AccessError, msg=f'{user.login} {hook.name}'):
                        act(self._of(user, hook))
                with self.assertRaises(AccessError):
                    self._of(user, hook.delivery_ids)._person_replay()
                with self.assertRaises(AccessError):
                    call_kw(self._of(user, self.Delivery), 'read', [hook.delivery_ids.ids, ['payload']], {})

    @mute_logger('odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model', 'odoo.models')
    def test_customers_write_only_by_acts(self):
        for values in ({'partner_id': False}, {'url': URL}, {'state': 'live'}):
            with self.assertRaises(AccessError):
                self._of(self.act, self.own).write(values)
        with self.assertRaises(AccessError):
            self._of(self.act).create({**GOOD, 'partner_id': self.stranger.id})
        with self.assertRaises(AccessError):
            self._of(self.act, self.own.delivery_ids).write({'state': 'pending'})

    @mute_logger('odoo.addons.base.models.ir_model', 'odoo.models')
    def test_secrets_never_leave_by_rpc(self):
        for user in (self.act, self.support, self.manager):
            for name in ('secret_sealed', 'old_secret_sealed'):
                with self.assertRaises(AccessError):
                    call_kw(self._of(user), 'read', [self.own.ids, [name]], {})
                with self.assertRaises(AccessError):
                    call_kw(self._of(user), 'search', [[(name, '!=', False)]], {})

    def test_adding(self):
        hook, secret = self._of(self.act)._person_add(GOOD)
        self.assertEqual((hook.sudo().partner_id, hook.events, hook.secret_shown), (self.customer, 'domain.active', True))
        self.assertEqual(hook._keys(), (secret,))
        self.assertEqual(self._acts()[-1], 'create')
        foreign, _secret = self._of(self.act)._person_add(GOOD, self.stranger)
        self.assertEqual(foreign.sudo().partner_id, self.customer, 'a customer names nobody else')
        staff, _secret = self._of(self.manager)._person_add(GOOD)
        self.assertFalse(staff.partner_id)
        given, _secret = self._of(self.manager)._person_add(GOOD, self.stranger)
        self.assertEqual(given.partner_id, self.stranger)
        for user in (self.look, self.none, self.support, self.employee):
            with self.assertRaises(AccessError):
                self._of(user)._person_add(GOOD)

    def test_there_is_a_limit(self):
        self.env['ir.config_parameter'].set_param('saas_domains.webhooks_per_customer', '2')
        hook, _secret = self._of(self.act)._person_add(GOOD)
        with self.assertRaises(UserError):
            self._of(self.act)._person_add(GOOD)
        hook._person_remove()
        self._of(self.act)._person_add(GOOD)
        self._of(self.manager)._person_add(GOOD)

    def test_rolling_asks_who_it_is(self):
        with self.assertRaises(StepUpRequired) as refused:
            self._of(self.act, self.own)._person_roll()
        self.assertEqual(refused.exception.kind, 'secret')
        self._proven()
        secret = self._of(self.act, self.own)._person_roll()
        self.assertEqual(self.own._keys()[0], secret)
        self.assertEqual(self._acts()[-1], 'change_secret')
        line = self.env['saas.audit'].search([], limit=1)
        self.assertEqual((line.partner_id, line.res_model), (self.customer, 'saas.webhook'))

    def test_a_secret_made_in_the_backend_is_shown_once(self):
        hook = self._of(self.manager).create({'name': 'New', 'url': URL})
        with self.assertRaises(StepUpRequired):
            hook.action_show_secret()
        self._proven()
        shown = hook.action_show_secret()['context']['default_secret']
        self.assertEqual(hook._keys(), (shown,))
        with self.assertRaises(UserError):
            hook.action_show_secret()

    def test_acts_leave_lines(self):
        hook = self._of(self.act, self.own)
        before = len(self._acts())
        hook._person_change({'name': 'Other'})
        hook._person_ping()
        hook._person_pause()
        with self.assertRaises(UserError):
            hook._person_ping()
        hook._person_resume()
        hook.delivery_ids[0]._person_replay()
        hook._person_remove()
        self.assertEqual(self._acts()[before:], ['change', 'ping_webhook', 'pause_webhook', 'resume_webhook', 'replay_webhook',
                                                 'remove'])

    def test_pings_are_limited(self):
        """They are counted for good, in a transaction of their own: so an endpoint nobody else has counted for."""
        hook = self._hook()
        self.env['saas.rate'].sudo().search([('key', '=like', 'webhook-%')]).unlink()
        for _turn in range(10):
            hook._person_ping()
        with self.assertRaises(RateLimited):
            hook._person_ping()
