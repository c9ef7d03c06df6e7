import contextlib
import json
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.errors import AuthError

from ..edge import webhook
from ..models import saas_webhook_sender
from .webhook_common import WebhookCase


class TestAnnouncing(WebhookCase):

    def test_every_state_of_a_tenant_is_told(self):
        hook = self._hook()
        tenant = self._tenant('hook-tenant')
        for state in ('provisioning', 'failed', 'provisioning', 'running', 'suspended', 'running', 'deleting', 'deleted'):
            tenant._set_state(state)
        found = hook.delivery_ids.sorted('id').mapped('event')
        self.assertEqual(found, [f'tenant.{what}' for what in (
            'provisioning', 'failed', 'provisioning', 'running', 'suspended', 'resumed', 'deleted')])
        first, last = hook.delivery_ids.sorted('id')[0], hook.delivery_ids.sorted('id')[-1]
        content = json.loads(last.payload)
        self.assertEqual((content['id'], content['type']), (last.number, 'tenant.deleted'))
        self.assertEqual(content['data']['tenant']['name'], 'hook-tenant')
        self.assertEqual(content['data']['tenant']['state'], 'deleted')
        self.assertEqual(content['data']['previous_state'], 'deleting')
        self.assertEqual((first.subject, first.res_model, first.res_id), ('hook-tenant', 'saas.tenant', tenant.id))

    def test_the_same_state_is_no_event(self):
        hook = self._hook()
        self.tenant._set_state('running')
        self.assertFalse(hook.delivery_ids)

    def test_a_customer_is_told_of_his_own_only(self):
        staff, own, foreign = self._hook(), self._hook(partner=self.customer), self._hook(partner=self.stranger)
        self.tenant._set_state('suspended')
        self.foreign._set_state('suspended')
        self.assertEqual(own.delivery_ids.mapped('subject'), ['acme-one'])
        self.assertEqual(foreign.delivery_ids.mapped('subject'), ['foreign-one'])
        self.assertEqual(sorted(staff.delivery_ids.mapped('subject')), ['acme-one', 'foreign-one'])

    def test_domains_are_told_with_what_they_are(self):
        root = self.env['saas.root_domain'].create({'name': 'hook-root.example'})
        domain = self.env['saas.custom_domain'].create({
            'partner_id': self.customer.id, 'tenant_id': self.tenant.id, 'root_domain_id': root.id,
            'external_domain': 'www.xn--bcher-kva.com', 'sajet_subdomain': 'bucher', 'verification_token': 'x'})
        own, foreign = self._hook(partner=self.customer, events='domain.*'), self._hook(partner=self.stranger)
        self.Webhook._announce('domain.active', domain)
        self.assertFalse(foreign.delivery_ids)
        told = json.loads(own.delivery_ids.payload)['data']['domain']
        self.assertEqual((told['external_domain'], told['display_domain']), ('www.xn--bcher-kva.com', 'www.bücher.com'))
        self.assertEqual((told['sajet_full_domain'], told['tenant']), ('bucher.hook-root.example', 'acme-one'))
        self.assertEqual((told['verification_status'], told['is_active'], told['lost_reason']), ('pending', False, None))
        self.assertNotIn('token', own.delivery_ids.payload)

    def test_many_records_at_once(self):
        staff, own = self._hook(), self._hook(partner=self.customer)
        self.Webhook._announce('tenant.running', self.tenant | self.foreign, reason='test')
        self.assertEqual((len(staff.delivery_ids), len(own.delivery_ids)), (2, 1))
        self.assertEqual(json.loads(own.delivery_ids.payload)['data']['reason'], 'test')

    def test_only_what_it_wants(self):
        hook = self._hook(events='tenant.suspended,  tenant.suspended, domain.*')
        self.assertEqual(hook.events, 'tenant.suspended, domain.*')
        self.assertEqual(hook._event_codes()[:2], ['tenant.suspended', 'domain.added'])
        self.tenant._set_state('suspended')
        self.tenant._set_state('running')
        self.assertEqual(hook.delivery_ids.mapped('event'), ['tenant.suspended'])
        with self.assertRaises(ValidationError):
            hook.events = 'tenant.exploded'
        with self.assertRaises(ValueError):
            self.Webhook._announce('ping', self.tenant)

    def test_what_is_rolled_back_was_never_announced(self):
        hook = self._hook()
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self.tenant._set_state('suspended')
            self.assertEqual(len(hook.delivery_ids), 1)
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(hook.delivery_ids)

    def test_paused_ones_wait_and_removed_ones_do_not(self):
        paused, removed = self._hook(), self._hook()
        paused._person_pause()
        removed._person_remove()
        self.tenant._set_state('suspended')
        self.assertEqual(paused.delivery_ids.state, 'pending')
        self.assertFalse(removed.delivery_ids)


class TestKeeping(WebhookCase):

    def test_addresses(self):
        hook = self._hook('  HTTPS://Hooks.Example.com  ')
        self.assertEqual(hook.url, 'https://hooks.example.com/')
        for url in ('http://hooks.example.com', 'https://127.0.0.1', 'https://10.0.0.1:8443', 'https://a:b@c.example', 'nonsense',
                    'https://hooks.example.com:22/', 'https://127.1/'):
            with self.assertRaises(ValidationError, msg=url):
                hook.url = url
        self._allow_local()
        hook.url = 'http://127.0.0.1:18000/'
        self.assertEqual(hook.url, 'http://127.0.0.1:18000/')

    def test_networks_that_staff_denies(self):
        self.env['ir.config_parameter'].set_param('saas_domains.webhook_denied', '8.8.8.0/24, 2606:4700::/32')
        with self.assertRaises(ValidationError):
            self._hook('https://8.8.8.8/')
        self._hook('https://8.8.4.4/')
        self.env['ir.config_parameter'].set_param('saas_domains.webhook_denied', '8.8.8.0/99')
        with self.assertRaises(UserError):
            self._hook('https://8.8.4.4/')

    def test_secrets_are_sealed_and_rolled(self):
        hook = self._hook()
        first, = hook._keys()
        self.assertTrue(first.startswith('whsec_'))
        self.assertNotIn(first, hook.sudo().secret_sealed)
        second = hook._roll()
        self.assertEqual(hook._keys(), (second, first))
        third = hook._roll()
        self.assertEqual(hook._keys(), (third, second))
        hook.old_secret_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(hook._keys(), (third,))
        self.assertNotEqual(self._hook()._keys(), hook._keys())

    def test_numbers_are_unique(self):
        hook = self._hook()
        number = hook._person_ping().number
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.Delivery.create({**hook._delivery('ping', {}), 'number': number})

    def test_old_ones_are_forgotten(self):
        hook = self._hook()
        old, waiting, young = (hook._person_ping() for _turn in range(3))
        (old | young).state = 'delivered'
        self.env.flush_all()
        self.cr.execute("UPDATE saas_webhook_delivery SET create_date = create_date - interval '31 days' WHERE id IN %s",
                        [(old.id, waiting.id)])
        self.Delivery._prune()
        self.assertEqual(hook.delivery_ids, young | waiting)

    def test_removed_ones_go_a_day_later(self):
        hook = self._hook()
        hook._person_ping()
        hook._person_remove()
        self.assertFalse(hook.sudo().secret_sealed)
        self.Webhook._forget_removed()
        self.assertTrue(hook.exists())
        self.env.flush_all()
        self.cr.execute("UPDATE saas_webhook SET write_date = write_date - interval '2 days' WHERE id = %s", [hook.id])
        self.env.invalidate_all()
        self.Webhook._forget_removed()
        self.assertFalse(hook.exists())


class TestSending(WebhookCase):

    def test_delivered_and_signed(self):
        server = self._endpoint()
        hook = self._hook_to(server)
        self.tenant._set_state('suspended')
        self._send()
        delivery = hook.delivery_ids
        self.assertEqual((delivery.state, delivery.status, delivery.attempts), ('delivered', 204, 1))
        self.assertTrue(delivery.delivered_at)
        (path, headers, body), = server.requests
        self.assertEqual((path, body.decode()), ('/in', delivery.payload))
        self.assertEqual((headers['Saas-Delivery'], headers['Saas-Event']), (delivery.number, 'tenant.suspended'))
        self.assertTrue(self._verified(hook, server.requests[0]))
        self._send()
        self.assertEqual(len(server.requests), 1)

    def test_both_secrets_sign_while_one_is_rolled(self):
        server = self._endpoint()
        hook = self._hook_to(server)
        old = hook._keys()
        hook._roll()
        hook._person_ping()
        self._send()
        _path, headers, body = server.requests[0]
        self.assertTrue(webhook.verify(headers['Saas-Signature'], body, old))
        hook.old_secret_until = fields.Datetime.now() - timedelta(seconds=1)
        hook._person_ping()
        self._send()
        _path, headers, body = server.requests[1]
        with self.assertRaises(AuthError):
            webhook.verify(headers['Saas-Signature'], body, old)

    def test_in_order(self):
        server = self._endpoint()
        hook = self._hook_to(server)
        for state in ('suspended', 'running', 'suspended'):
            self.tenant._set_state(state)
        self._send()
        self.assertEqual([headers['Saas-Event'] for _path, headers, _body in server.requests],
                         ['tenant.suspended', 'tenant.resumed', 'tenant.suspended'])
        self.assertEqual(set(hook.delivery_ids.mapped('state')), {'delivered'})

    def test_refused_ones_are_tried_again_under_the_same_number(self):
        answers = [500, 302, 204]
        server = self._endpoint(lambda handler: handler.answer(answers.pop(0), b'no\x00 thanks', Location='http://127.0.0.1:1/'))
        hook = self._hook_to(server)
        delivery = hook._person_ping()
        self._send()
        self.assertEqual((delivery.state, delivery.status, delivery.words), ('pending', 500, 'no· thanks'))
        self.assertTrue(hook.failing_since)
        self.assertGreater(delivery.next_at, fields.Datetime.now() + timedelta(seconds=3))
        self.assertIn('500', delivery.error)
        self._send(hours=1)
        self.assertEqual((delivery.state, delivery.status), ('pending', 302))
        self.assertIn('redirect', delivery.error)
        self._send(hours=1)
        self.assertEqual((delivery.state, delivery.attempts, delivery.error), ('delivered', 3, ''))
        self.assertFalse(hook.failing_since)
        self.assertEqual({headers['Saas-Delivery'] for _path, headers, _body in server.requests}, {delivery.number})
        self.assertEqual(len({body for _path, _headers, body in server.requests}), 1)

    def test_an_endpoint_that_asks_for_time_gets_it(self):
        server = self._endpoint(lambda handler: handler.answer(429, Retry_After='3600'))
        delivery = self._hook_to(server)._person_ping()
        self._send()
        self.assertGreater(delivery.next_at, fields.Datetime.now() + timedelta(seconds=3500))

    def test_who_does_not_answer_is_asked_once_and_stops_nobody(self):
        good = self._endpoint()
        with_nobody = self._hook('http://127.0.0.1:1025/')
        fine = self._hook_to(good)
        for state in ('suspended', 'running', 'suspended'):
            self.tenant._set_state(state)
        self._send()
        self.assertEqual(set(fine.delivery_ids.mapped('state')), {'delivered'})
        first, *rest = with_nobody.delivery_ids.sorted('id')
        self.assertEqual((first.attempts, first.problem, first.state), (1, 'unreachable', 'pending'))
        self.assertTrue(first.error)
        self.assertEqual([(one.attempts, one.next_at) for one in rest], [(0, first.next_at)] * 2)

    def test_a_name_that_leads_inside_is_refused_at_send_time(self):
        hook = self._hook('https://hooks.example.com:18443/')
        delivery = hook._person_ping()
        inside = saas_webhook_sender.webhook.Rules(resolve=lambda host: ['10.0.0.1'])
        with patch.object(type(self.Webhook), '_rules', lambda model: inside):
            self._send()
        self.assertEqual((delivery.state, delivery.problem), ('pending', 'not_public'))
        self.assertIn('public internet', delivery.error)

    def test_after_three_days_it_is_given_up_and_paused_and_customers_are_told(self):
        server = self._endpoint(lambda handler: handler.answer(500))
        hook = self._hook_to(server, self.customer)
        self.tenant._set_state('suspended')
        delivery = hook.delivery_ids
        self._send()
        self._send(hours=71)
        self.assertEqual((delivery.state, hook.state), ('pending', 'live'))
        hook._person_ping()
        self._send(hours=2)
        self.assertEqual((delivery.state, delivery.status), ('failed', 500))
        self.assertEqual((hook.state, hook.pause_reason), ('paused', 'failing'))
        mails = self._mails_to(self.act.login)
        self.assertIn(f'/my/webhooks/{hook.id}', mails[-1].body_html)
        self.assertFalse(self._mails_to(self.look.login))
        self.assertFalse(self._mails_to(self.outsider.login))

    def test_staff_get_an_activity(self):
        server = self._endpoint(lambda handler: handler.answer(500))
        hook = self._hook_to(server)
        hook._person_ping()
        self._send()
        self._send(hours=73)
        self.assertEqual(len(hook.activity_ids), 1)
        self.assertIn('Chat', hook.activity_ids.summary)

    def test_what_waits_for_a_paused_one_goes_out_or_is_given_up(self):
        server = self._endpoint()
        hook = self._hook_to(server)
        hook._person_pause()
        self.tenant._set_state('suspended')
        self._send()
        self.assertEqual((hook.delivery_ids.state, server.requests), ('pending', []))
        self._send(hours=73)
        self.assertEqual(hook.delivery_ids.state, 'failed')
        self.assertTrue(hook.delivery_ids.error)
        self.tenant._set_state('running')
        hook._person_resume()
        self._send()
        self.assertEqual([headers['Saas-Event'] for _path, headers, _body in server.requests], ['tenant.resumed'])

    def test_replay(self):
        server = self._endpoint()
        hook = self._hook_to(server)
        delivery = hook._person_ping()
        self._send()
        delivery._person_replay()
        self.assertEqual((delivery.state, delivery.attempts, delivery.replays), ('pending', 0, 1))
        self._send()
        self.assertEqual(delivery.state, 'delivered')
        (_p, first, body), (_q, second, again) = server.requests
        self.assertEqual((first['Saas-Delivery'], body), (second['Saas-Delivery'], again))

    def test_killed_while_sending_it_is_sent_again(self):
        """At least once: the claim is over after its lease, and the number says that it is the same."""
        server = self._endpoint()
        hook = self._hook_to(server)
        delivery = hook._person_ping()

        class Killed(BaseException):
            pass

        def killed(_model, _jobs):
            raise Killed
        with patch.object(type(self.Delivery), '_settle', killed), contextlib.suppress(Killed):
            self._send()
        self.env.invalidate_all()
        self.assertEqual((delivery.state, delivery.attempts), ('pending', 1))
        self._send()
        self.assertEqual(len(server.requests), 1, 'as long as the claim lasts')
        self._send(hours=1)
        self.assertEqual((delivery.state, len(server.requests)), ('delivered', 2))
        self.assertEqual(len({headers['Saas-Delivery'] for _path, headers, _body in server.requests}), 1)

    def test_a_late_failure_does_not_undo_what_another_has_done(self):
        delivery = self._hook()._person_ping()
        delivery.write({'state': 'delivered', 'attempts': 2})
        delivery._note_outcome(1, webhook.Answer(500, 'no', 0.1))
        self.assertEqual((delivery.state, delivery.status), ('delivered', 0))

    @mute_logger('odoo.addons.saas_domains.models.saas_webhook_sender')
    def test_a_secret_that_cannot_be_opened_stops_nobody(self):
        server = self._endpoint()
        broken, fine = self._hook_to(server), self._hook_to(server)
        broken.sudo().secret_sealed = 'nonsense'
        (broken | fine).action_ping()
        self._send()
        self.assertEqual(fine.delivery_ids.state, 'delivered')
        self.assertEqual((broken.delivery_ids.state, broken.delivery_ids.problem), ('pending', 'secret'))

    def test_two_senders_share_the_work(self):
        """What one has claimed is not there for the other one."""
        self._hook()._person_ping()
        self.assertEqual(len(self.Delivery._claim()), 1)
        self.assertEqual(self.Delivery._claim(), [])
