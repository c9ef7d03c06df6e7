from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .billing_common import BillingCase

DAY = timedelta(days=1)


@tagged('post_install', '-at_install')
class TestNotices(BillingCase):
    """Each once per occasion, to who may act, in his own language."""

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()
        self.env['mail.mail'].sudo().search([]).unlink()

    def _now(self, **values):
        self.subscription.write(values)
        self.subscription._follow()
        return self._new_mails()

    def _new_mails(self):
        """(to, subject) of what was queued since the last look."""
        mails = self.env['mail.mail'].sudo().search([], order='id')
        found = [(mail.email_to, mail.subject) for mail in mails]
        self.bodies = mails.mapped('body_html')
        mails.unlink()
        return found

    def _assert_one(self, mails, subject):
        self.assertEqual([(to, subject in told) for to, told in mails], [('ann@acme.example', True)], mails)

    # -- overdue --------------------------------------------------------------------------------

    def test_days_1_3_and_5(self):
        now = fields.Datetime.now()
        self.assertEqual(self._now(status='past_due', past_due_since=now - DAY / 2), [])
        self._assert_one(self._now(past_due_since=now - 1.5 * DAY), 'could not collect')
        self.assertIn('€', self.bodies[0])
        self.assertIn(f'/my/billing/{self.tenant.id}', self.bodies[0])
        self.assertEqual(self._now(), [], 'once')

    def test_each_of_one_occasion(self):
        since = fields.Datetime.now() - 5.5 * DAY
        self.subscription.write({'status': 'past_due', 'past_due_since': since})
        self._assert_one(self._now(), 'will be closed soon')
        self.assertEqual(self._now(), [], 'those of the days before are not sent afterwards')
        self.subscription.write({'status': 'active', 'past_due_since': False})
        self.assertEqual(self._now(), [])
        self._assert_one(self._now(status='past_due', past_due_since=since + DAY), 'could not collect')

    # -- trial ----------------------------------------------------------------------------------

    def test_trial_ends(self):
        end = fields.Datetime.now() + 2.5 * DAY
        self._assert_one(self._now(status='trialing', trial_end=end, has_payment_method=False), 'Your trial ends')
        self.assertIn('Enter my card', self.bodies[0])
        self.assertEqual(self._now(), [])
        self._assert_one(self._now(trial_end=fields.Datetime.now() + DAY / 2, has_payment_method=True), 'Your trial ends')
        self.assertIn('are charged to your card', self.bodies[0])

    def test_trial_is_over(self):
        mails = self._now(status='paused', trial_end=fields.Datetime.now() - DAY)
        self._assert_one(mails, 'Your trial is over')
        self.assertEqual(self._now(), [])
        self.tenant._notify_customer('saas_master.mail_template_suspended')
        self.assertEqual(self._new_mails(), [], 'one mail says it')

    # -- the end --------------------------------------------------------------------------------

    def test_ends_soon(self):
        self.assertEqual(self._now(cancel_at=fields.Datetime.now() + 20 * DAY), [])
        self._assert_one(self._now(cancel_at=fields.Datetime.now() + 5 * DAY), 'closes on')
        self.assertEqual(self._now(), [])

    def test_ended_with_the_day_of_the_deletion(self):
        mails = self._now(status='canceled', ended_at=fields.Datetime.now() - DAY)
        self._assert_one(mails, 'has ended')
        day = self.env['ir.qweb.field.date'].value_to_html(self.tenant.delete_on.date(), {})
        self.assertIn(str(day), self.bodies[0])
        self.assertEqual(self._now(), [])
        self.tenant._notify_customer('saas_master.mail_template_suspended')
        self.assertEqual(self._new_mails(), [])

    def test_other_suspensions_are_told_as_ever(self):
        self._now(status='unpaid')
        self.tenant._notify_customer('saas_master.mail_template_suspended')
        self.assertEqual(len(self._new_mails()), 1)

    # -- to whom --------------------------------------------------------------------------------

    def test_to_all_who_may_act(self):
        self.env['res.lang']._activate_lang('es_ES')
        self.env['res.partner'].create([
            {'name': 'Bea', 'email': 'bea@acme.example', 'parent_id': self.customer.id, 'saas_right': 'act', 'lang': 'es_ES'},
            {'name': 'Cai', 'email': 'cai@acme.example', 'parent_id': self.customer.id, 'saas_right': 'look'}])
        template = self.env.ref('saas_billing.mail_template_billing_trial_over')
        template.with_context(lang='es_ES').subject = 'Su prueba ha terminado'
        mails = self._now(status='paused', trial_end=fields.Datetime.now() - DAY)
        self.assertEqual(dict(mails), {'ann@acme.example': 'Your trial is over', 'bea@acme.example': 'Su prueba ha terminado'})

    def test_a_broken_template_stops_nothing(self):
        template = self.env.ref('saas_billing.mail_template_billing_ended')     # 19.0 checks what is written by the ORM
        self.env.cr.execute("UPDATE mail_template SET body_html = jsonb_build_object('en_US', %s) WHERE id = %s",
                            ['<t t-out="object.no_such_field"/>', template.id])
        template.invalidate_recordset()
        with self.assertLogs('odoo.addons.saas_billing.models.saas_subscription_notices', 'ERROR'):
            mails = self._now(status='canceled', ended_at=fields.Datetime.now() - DAY)
        self.assertEqual((mails, self._codes()), ([], ['ended']))
