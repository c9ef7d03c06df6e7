"""Everything a person reads of subscriptions, orders, invoices and payments is there in Spanish."""
from datetime import timedelta
from itertools import zip_longest

from lxml import html

from odoo import fields, http
from odoo.tests import HttpCase, tagged

from odoo.addons.saas_master.tests.api_common import ApiCase
from odoo.addons.saas_master.tests.common import SaasCase
from odoo.addons.saas_master.tests.signup_common import GOOD, SignupCase
from odoo.addons.saas_master.tests.test_i18n import ENGLISH, LANG, SAME, Spanish, Terms

from .billing_common import DECLINED, BillingCase
from .billing_portal_common import BillingPortalCase

SAME_HERE = SAME | {
    '<i class="fa fa-download" role="presentation"/> <span>PDF</span>', '<span class="o_stat_text">Tenant</span>',
    '<span>Plan</span>', 'ARR', 'MRR', 'PDF', 'PDF {{ invoice.number or invoice.stripe_id }}', 'PDF {{0}}', 'Stripe',
    'Stripe Tax', 'Subtotal', 'Total', 'Webhook', 'plan: %(before)s → %(after)s',
}
ADDONS = ('saas_master', 'saas_domains', 'saas_billing')
MAILS = ('ended', 'ending', 'past_due', 'past_due_last', 'trial_ending', 'trial_over')
WHYS = ('canceled', 'extended', 'comp', 'paused', 'first_payment', 'trialing', 'paying', 'overdue', 'grace_over', 'unpaid',
        'trial_over', '')
MOMENTS = ('trial_end', 'past_due_since', 'ended_at', 'extended_until', 'comp_until', 'entitled_until')
DAY = timedelta(days=1)
IN_SPANISH = {'Accept-Language': 'es'}


class BillingInSpanish(Spanish):

    spanish_addons = ADDONS

    def _assert_words(self, *words):
        for text in words:
            self.assertTrue(text)
            self.assertFalse(ENGLISH.findall(text), text)


@tagged('post_install', '-at_install')
class TestBillingTerms(Terms, SaasCase):

    addon = 'saas_billing'
    same = SAME_HERE

    def test_steps(self):
        tenant = self.env['saas.tenant'].with_context(lang=LANG)
        self.assertIn('Terminar la suscripción', dict(tenant._operation_steps('delete')).values())
        self.assertIn('Aplicar el plan', dict(tenant._operation_steps('change_plan')).values())


@tagged('post_install', '-at_install')
class TestSpanishBillingPortal(BillingInSpanish, BillingPortalCase):

    def setUp(self):
        super().setUp()
        self.act.lang = LANG
        self.subscription = self._subscribe()
        self._login(self.act)

    def _assert_page(self, path, *expected):
        page = self._get(self.prefix + path)
        self._assert_spanish(page.text, *expected)
        return page

    def _assert_done(self, act, data, *expected):
        """What was asked for by a form, and what the page says afterwards."""
        answer = self._post(self.prefix + self._path(act), data)
        self.assertEqual(answer.status_code, 303, answer.text[:500])
        self._assert_page(self._path(), *expected)

    def test_list_and_subscription(self):
        self._invoiced(self.subscription)
        self._assert_page('/my', 'Lo que pagas por tu Odoo: plan, próximo pago, tarjeta y facturas')
        self._assert_page('/my/billing', 'Planes y facturas', 'Tarjeta registrada')
        self._assert_page(self._path(), 'Activa', 'al mes', 'Próximo pago', 'registrada en Stripe', 'Cambiar la tarjeta')
        self._assert_page(f'/my/tenants/{self.tenant.id}', 'Plan y facturas')
        self._login(self.look)
        self._assert_page(self._path(), 'Puedes mirar')

    def test_nothing_is_paid_yet(self):
        self.subscription.unlink()
        self._assert_page(self._path(), 'Todavía no se paga nada por él', 'Elegir un plan')
        (self.plan | self.big).payment = 'none'
        self._assert_page('/my/billing', 'Aquí no hay nada que pagar')

    def test_how_it_stands(self):
        now = fields.Datetime.now()
        ending = {'cancel_at': now + 5 * DAY}
        grace = {'status': 'past_due', 'past_due_since': now - DAY, 'entitlement': 'grace', 'entitled_until': now + 5 * DAY}
        closed = {'entitlement': 'suspended', 'entitled_until': False}
        trial = {'status': 'trialing', 'trial_end': now + 2 * DAY, 'entitlement': 'trial', 'past_due_since': False}
        ended = {'status': 'canceled', 'ended_at': now - DAY, 'entitlement': 'ended'}
        for values, title, text in (
                (ending, 'la suscripción termina pronto', 'No se cobra nada más.'),
                ({'cancel_at': False, **grace}, 'el pago está vencido', 'Pagar o cambiar la tarjeta'),
                ({'status': 'unpaid', **closed}, 'cerrado hasta que se pague', 'Se conservan todos sus datos.'),
                (trial, 'la prueba termina pronto', 'entonces se cobra el primer pago'),
                ({'has_payment_method': False}, 'la prueba termina pronto', 'Introducir una tarjeta'),
                ({'status': 'paused', **closed}, 'la prueba ha terminado', 'Continuar'),
                (ended, 'la suscripción ha terminado', 'si no vuelves a elegir un plan')):
            self.subscription.write(values)
            self.tenant.delete_on = values is ended and now + 29 * DAY
            self._assert_page('/my/tenants', title, text)
            self._assert_page(self._path())
        for values in ({'comp_until': now + DAY, 'status': 'active'}, {'is_paused': True},
                       {'status': 'incomplete', 'is_paused': False}):
            self.subscription.write(values)
            self._assert_page(self._path())

    def test_another_plan(self):
        self.price.user_amount = 5
        self._mirror(self.price)
        self._assert_page(self._path('/plans'), 'Lo que tienes', 'Usuarios adicionales', 'Ver cuánto cuesta')
        self._assert_page(self._path('/plans?interval=year'), 'al año', 'ahorra hasta un')
        self._assert_change(self.big_price, 'Empieza de inmediato', 'Aceptar y pagar ahora', said='Se ha cambiado.')
        self._assert_change(self.price, 'ahora no se cobra nada', 'Aceptar', said='Queda anotado.')
        self._assert_page(self._path(), 'A partir del', 'Conservar el plan actual')
        self._assert_done('/keep-plan', {}, 'Tu plan sigue como está.')
        self.plan.user_limit, self.tenant.usage_users = 2, 4
        self._assert_page(self._path(f'/change?price={self.price.id}'), 'Todavía no es posible', 'Desactiva')

    def _assert_change(self, price, *expected, said):
        self._assert_done('/change', self._consent(self._assert_page(self._path(f'/change?price={price.id}'), *expected)), said)

    def _consent(self, page):
        """What the form of a change sends back."""
        form = html.fromstring(page.text).xpath('//*[contains(@class, "o_saas_preview")]//form//input[@name!="csrf_token"]')
        return {field.get('name'): field.get('value') for field in form}

    def test_a_change_that_waits_for_its_payment(self):
        self.control.card(self.subscription.customer, DECLINED)
        self._post(self._path('/change'), self._consent(self._assert_page(self._path(f'/change?price={self.big_price.id}'))))
        self._invoiced(self.subscription)
        self._assert_page(self._path(), 'Hay un cambio que espera su pago.')

    def test_the_end(self):
        self._assert_page(self._path('/cancel'), 'Todo sigue igual hasta el', '¿Por qué te vas?', 'Es demasiado complicado')
        answer = self._post(self.prefix + self._path('/cancel'), {'reason': ''})
        self._assert_spanish(answer.text, 'Elige uno, por favor.')
        self._assert_done('/cancel', {'reason': 'unused'}, 'Se ha cancelado.', 'Cancelada', 'Retirar la cancelación')
        self._assert_done('/keep', {}, 'La cancelación se ha retirado.')
        answer = self._post(self.prefix + self._path('/keep'))
        self._assert_spanish(answer.text, 'No hay ninguna cancelación que retirar.')

    def test_an_order_of_one_that_ended(self):
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self._read_again(self.subscription.stripe_id)
        self._assert_page(self._path('/plans'), 'Pedir este plan')
        self.assertEqual(self._post(self._path('/order'), {'price': self.big_price.id}).status_code, 303)
        self._assert_page(self._path(), 'Hay un pedido que espera su pago')
        self._assert_page(self._path('/pay'), 'Pagar ahora', 'Retirar el pedido')
        self._assert_page(self._path('/pay?back=1'), 'Has salido de la página de pago.')
        self._assert_done('/withdraw', {}, 'El pedido se ha retirado.')

    def test_stripe_does_not_answer(self):
        self.control.fault('drop', method='POST', path='billing_portal', times=5)
        self._assert_spanish(self._post(self.prefix + self._path('/card')).text, 'No se ha cobrado nada.')
        self.control.delete('faults')

    # -- mails and words of staff ---------------------------------------------------------------

    def test_mails(self):
        now = fields.Datetime.now()
        self.tenant.delete_on = now + 29 * DAY
        for has_card in (True, False):
            self.subscription.write({
                'has_payment_method': has_card, 'trial_end': now + DAY, 'cancel_at': now + 5 * DAY, 'entitled_until': now + DAY})
            for about in MAILS:
                self._assert_mail(self.env.ref(f'saas_billing.mail_template_billing_{about}'))

    def _assert_mail(self, template):
        template = template.with_context(mail_name='Ada', mail_lang=LANG, portal_link='https://portal.test')
        for field in ('subject', 'body_html'):
            self._assert_spanish(template._render_field(field, self.subscription.ids, compute_lang=True)[self.subscription.id])

    def test_words_of_subscriptions(self):
        """As the web client of a manager gets them."""
        now, subscription = fields.Datetime.now(), self.subscription
        self.manager.lang = LANG
        self._login(self.manager)
        subscription.write({name: now + DAY for name in MOMENTS})
        statuses = [status for status, _label in subscription._fields['status'].selection]
        for why, status in zip_longest(WHYS, statuses, fillvalue='active'):
            subscription.write({'status': status, 'entitled_why': why, 'cancel_at': status == 'past_due' and now + DAY})
            self._assert_words(*self._read_by_web(subscription, 'stripe_words', 'follow_words', 'short_next', 'next_steps'))
        for labels in subscription.with_context(lang=LANG)._cancel_labels():
            self._assert_words(*labels.values())

    def _read_by_web(self, record, *names):
        self.env.flush_all()
        answer = self.make_jsonrpc_request(f'/web/dataset/call_kw/{record._name}/read', {
            'model': record._name, 'method': 'read', 'args': [record.ids, list(names)], 'kwargs': {'context': {'lang': LANG}}})
        self.env.invalidate_all()
        return [html.fromstring(answer[0][name]).text_content() for name in names]

    def test_words_of_invoices_and_events(self):
        invoice = self._invoiced(self.subscription).with_context(lang=LANG)
        self.assertEqual(invoice.reason_words, 'Primer pago')
        self.assertIn('Concepto', invoice.line_list)
        self._assert_words(*self.Event.with_context(lang=LANG)._type_words().values())
        self._assert_words(*self.account.with_context(lang=LANG)._problem_templates().values())


@tagged('post_install', '-at_install')
class TestSpanishOrders(BillingInSpanish, SignupCase, BillingCase, HttpCase):
    """From the plans to the payment, as a visitor reads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['saas.plan'].search([('id', 'not in', (cls.plan | cls.big).ids)]).is_published = False
        cls.big.is_published = True

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _assert_page(self, path, *expected):
        self.env.flush_all()
        self._assert_spanish(self.url_open(self.prefix + path).text, *expected)
        self.env.invalidate_all()

    def _post(self, path, **data):
        self.env.flush_all()
        answer = self.url_open(self.prefix + path, data={**data, 'csrf_token': http.Request.csrf_token(self)})
        self.env.invalidate_all()
        return answer

    def _confirmed(self):
        signup = self._ordered(lang=LANG, interval='month', currency='EUR')
        token = self._token()
        self._post(f'/saas/confirm/{token}')
        return token, signup

    def test_plans(self):
        self.plan.write({'payment': 'trial', 'trial_days': 14})
        self.price.write({'user_amount': 5, 'domain_amount': 3})
        self._mirror(self.price)
        self._assert_page('/saas', 'al mes', 'ahorra hasta un', 'sin tarjeta', '¿Cómo pago y quién ve mi tarjeta?')
        self.plan.payment = 'trial_card'
        self._assert_page('/saas?interval=year', 'al año', 'Este plan se paga por meses.', 'con tarjeta')

    def test_form_and_confirmation(self):
        self._assert_page('/saas/signup?plan=test-plan&interval=year&currency=EUR', 'Cada cuánto pagas', 'Anual')
        order = {**GOOD, 'lang': LANG, 'interval': 'year', 'currency': 'EUR'}
        self._assert_spanish(self._post('/saas/signup', **order).text, 'te lleva al pago')
        self._assert_page(f'/saas/confirm/{self._token()}', 'Un clic y, después, el pago', 'al año', 'Continuar con el pago')
        answer = self._post('/saas/signup', **{**order, 'plan': 'big-plan'})
        self._assert_spanish(answer.text, 'Este plan ya no se vende a este precio.')

    def test_paying(self):
        token, signup = self._confirmed()
        self._assert_page(f'/saas/pay/{token}', 'Tu pedido', 'A pagar ahora', 'Pagar ahora', 'no se mueve dinero')
        self._assert_page(f'/saas/pay/{token}?back=1', 'Has salido de la página de pago.', 'Continuar con el pago')
        self._assert_page(f'/saas/progress/{token}', 'Tu pedido espera su pago', 'Ir al pago')
        self._assert_page(f'/saas/progress/{token}?paid=1', 'Estamos registrando tu pago', 'Vuelve al pago')
        self._assert_spanish(self._post(f'/saas/pay/{token}/withdraw').text, 'Tu pedido se ha retirado', 'Pedirlo de nuevo')
        self._assert_page(f'/saas/progress/{token}', 'Este pedido no se pagó')
        signup._checkout().state = 'expired'
        self._assert_page(f'/saas/pay/{token}', 'Este pedido no se pagó a tiempo')

    def test_a_trial_and_a_page_that_is_not_ready(self):
        self.plan.write({'payment': 'trial', 'trial_days': 14})
        token = self._confirmed()[0]
        self._assert_page(f'/saas/pay/{token}', 'No hace falta tarjeta para la prueba.', 'Empezar la prueba')
        self.plan.payment = 'trial_card'
        self._assert_page(f'/saas/pay/{token}', 'Si cancelas antes, no se cobra nada.', 'días gratis')
        self._mirrored(self.price).stripe_id = False
        self._assert_page(f'/saas/pay/{token}', 'Estamos preparando la página de pago.', 'Volver a mirar')


@tagged('post_install', '-at_install')
class TestSpanishBillingAnswers(BillingInSpanish, ApiCase, BillingCase):

    def test_what_programs_are_told(self):
        self._as(self.actor)
        ask = {'tenant': self.own.name}
        for path, order, said in (
                ('portal', ask, 'Todavía no hay suscripción. Pide primero un plan.'),
                ('checkout', {**ask, 'plan': 'nowhere'}, 'Este plan no se vende así.')):
            self.env.flush_all()
            answer = self._post(f'/api/billing/{path}', order, headers=IN_SPANISH)
            self.assertIn(said, answer.text)

    def test_the_document(self):
        paths = self._get('/api/openapi.json', headers=IN_SPANISH).json()['paths']
        operations = [operation for path in paths if 'billing' in path for operation in paths[path].values()]
        self.assertEqual(len(operations), 3)
        for operation in operations:
            self._assert_words(operation['summary'], operation['description'])
