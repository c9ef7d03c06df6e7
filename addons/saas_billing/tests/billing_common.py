"""The common ground of the tests: a Stripe on loopback, its account here, and a plan whose prices are at both."""
import hashlib
import hmac
import json
import sys
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path

import requests

from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.tests.common import SaasCase

from .. import inbox

CHECKOUT = Path(__file__).resolve().parents[3]
if str(CHECKOUT) not in sys.path:
    sys.path.append(str(CHECKOUT))

from tests.fakes.stripe import FakeStripe  # noqa: E402
from tests.fakes.stripe.control import Control  # noqa: E402

SECRET = 'whsec_of_the_tests'
CARD, DECLINED = '4242424242424242', '4000000000000341'      # the latter is taken, and fails when it is charged later
AMOUNTS = {'month': 29.0, 'year': 290.0}


def signature(body, secret=SECRET, moment=None):
    """The header ``Stripe-Signature`` of a delivery."""
    moment = int(time.time() if moment is None else moment)
    digest = hmac.new(secret.encode(), b'%d.' % moment + body, hashlib.sha256).hexdigest()
    return f't={moment},v1={digest}'


def flat(values, prefix=''):
    """Nested values as Stripe's forms name them: ``items[0][price]``."""
    pairs = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in pairs:
        name = f'{prefix}[{key}]' if prefix else str(key)
        if isinstance(value, dict | list | tuple):
            yield from flat(value, name)
        else:
            yield name, str(value).lower() if isinstance(value, bool) else value


class BillingCase(SaasCase):
    """``fake``/``world``: Stripe. ``account``, ``plan`` with ``price`` and ``yearly``, ``big`` with ``big_price``; ``tenant``
    runs and pays for nothing yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fake = FakeStripe()
        cls.fake.start()
        cls.addClassCleanup(cls.fake.stop)
        cls.world, cls.control = cls.fake.world, Control(cls.fake.url)
        cls.account = cls._make_account()
        cls.currency = cls.env.ref('base.EUR')
        cls.currency.active = True
        cls.plan.write({'payment': 'now', 'trial_days': 0})
        cls.big = cls.plan.copy({'name': 'Big', 'code': 'big-plan', 'payment': 'now', 'trial_days': 0})
        cls.price, cls.yearly = (cls._make_price(cls.plan, interval, AMOUNTS[interval]) for interval in ('month', 'year'))
        cls.big_price = cls._make_price(cls.big, 'month', 99.0)
        cls.customer.write({'email': 'billing@acme.example', 'lang': 'en_US'})
        cls.tenant = cls._running_tenant('paying')
        cls.Subscription = cls.env['saas.subscription'].sudo()
        cls.Event = cls.env['saas.billing.event'].sudo()

    @classmethod
    def _make_account(cls, **values):
        """The current account; others that the database has are set aside."""
        vault = Vault.from_environment()
        others = cls.env['saas.stripe.account'].sudo().search([])
        others.write({'active': False, 'is_current': False})
        others.flush_recordset()
        return cls.env['saas.stripe.account'].sudo().create({
            'name': 'Stripe of the tests', 'mode': 'sandbox', 'api_base': cls.fake.url, 'is_current': True,
            'api_key_sealed': vault.seal(cls.fake.key), 'webhook_secrets_sealed': vault.seal(json.dumps([SECRET])), **values})

    @classmethod
    def _make_price(cls, plan, interval, amount, **values):
        """A price and its mirrors at Stripe: one for the plan, and for users and domains where they cost something."""
        price = cls.env['saas.plan.price'].sudo().create({
            'plan_id': plan.id, 'currency_id': cls.currency.id, 'interval': interval, 'amount': amount, **values})
        cls._mirror(price)
        return price

    @classmethod
    def _mirror(cls, price):
        amounts = {'plan': price.amount, 'user': price.user_amount, 'domain': price.domain_amount}
        Mirror = cls.env['saas.stripe.price'].sudo()
        for kind, amount in amounts.items():
            found = Mirror.search([
                ('account_id', '=', cls.account.id), ('price_id', '=', price.id), ('kind', '=', kind), ('active', '=', True)])
            if found.stripe_id or (kind != 'plan' and not amount):
                continue
            units = round(amount * 100)
            product = cls._stripe('POST', '/v1/products', name=f'{price.plan_id.name} {kind}')
            at_stripe = cls._stripe(
                'POST', '/v1/prices', product=product['id'], currency=cls.currency.name.lower(), unit_amount=units,
                recurring={'interval': price.interval}, metadata={'saas_kind': kind, 'saas_price': price.id})
            found = found or Mirror.create({
                'account_id': cls.account.id, 'price_id': price.id, 'kind': kind, 'unit_amount': units,
                'currency_id': cls.currency.id, 'interval': price.interval})
            found.write({'product': product['id'], 'stripe_id': at_stripe['id']})

    @classmethod
    def _mirrored(cls, price, kind='plan'):
        return price.mirror_ids.filtered(lambda mirror: mirror.kind == kind and mirror.account_id == cls.account)[:1]

    # -- Stripe ---------------------------------------------------------------------------------

    @classmethod
    def _stripe(cls, method, path, **values):
        """Ask the fake as anybody with its key may, without our client: what the test itself does at Stripe."""
        sent = {'params' if method == 'GET' else 'data': list(flat(values))}
        answer = requests.request(method, cls.fake.url + path, auth=(cls.fake.key, ''), timeout=20, **sent)
        if not answer.ok:
            raise AssertionError(f'{method} {path}: {answer.status_code} {answer.text}')
        return answer.json()

    @classmethod
    def _stripe_customer(cls, partner=None, card=CARD):
        """The customer at Stripe of ``partner``, made at the first call; with a card on file unless ``card`` is empty."""
        partner = (partner or cls.customer).commercial_partner_id
        Known = cls.env['saas.stripe.customer'].sudo()
        known = Known.search([('account_id', '=', cls.account.id), ('partner_id', '=', partner.id)])
        if not known:
            made = cls._stripe('POST', '/v1/customers', name=partner.name, email=partner.email or 'x@acme.example',
                               metadata={'saas_partner': partner.id})
            known = Known.create({'account_id': cls.account.id, 'partner_id': partner.id, 'stripe_id': made['id']})
        if card:
            cls.control.card(known.stripe_id, card)
        return known.stripe_id

    @classmethod
    def _at_stripe(cls, tenant=None, price=None, card=CARD, **values):
        """A subscription made at Stripe, as Checkout makes it: its metadata say whose it is. Returns its id."""
        tenant = tenant or cls.tenant
        customer = cls._stripe_customer(tenant.partner_id, card)
        items = [{'price': cls._mirrored(price or cls.price).stripe_id}]
        return cls._stripe('POST', '/v1/subscriptions', customer=customer, **{
            'items': items, 'metadata': {'saas_tenant': tenant.mark}, **values})['id']

    @classmethod
    def _stripe_now(cls):
        """Stripe's clock, which tests set forward."""
        return datetime.fromtimestamp(cls.world.now(), timezone.utc).replace(tzinfo=None)

    # -- here -----------------------------------------------------------------------------------

    @classmethod
    def _subscribe(cls, tenant=None, price=None, **values):
        """The same, read and followed: the record here."""
        stripe_id = cls._at_stripe(tenant, price, **values)
        return cls._read_again(stripe_id)

    @classmethod
    def _read_again(cls, stripe_id):
        """Ask Stripe about a subscription and follow what it says."""
        found = cls.Subscription._read_at_stripe(cls.account, stripe_id)
        subscription = cls.Subscription._reconcile(cls.account, found)[0]
        cls.env.invalidate_all()
        return subscription

    @classmethod
    def _event_body(cls, kind='customer.subscription.updated', object_id='sub_unknown', **values):
        """A delivery as Stripe writes it, of whatever it is said to be about."""
        shape = {'customer.subscription': 'subscription', 'checkout.session': 'checkout.session', 'invoice': 'invoice'}
        name = next((shape[prefix] for prefix in shape if kind.startswith(prefix)), kind.partition('.')[0])
        return json.dumps({
            'id': f'evt_{uuid.uuid4().hex}', 'object': 'event', 'type': kind, 'created': int(time.time()), 'livemode': False,
            'api_version': '2026-10-28.endive', 'pending_webhooks': 1, 'request': {'id': None, 'idempotency_key': None},
            'data': {'object': {'id': object_id, 'object': name, 'livemode': False, 'customer': 'cus_unknown'}}, **values,
        }).encode()

    def _receive(self, *bodies):
        """Deliveries, signed as by Stripe."""
        for body in bodies:
            inbox.receive(self.env.cr, body, signature(body))

    def _events_at_stripe(self):
        """What Stripe has to tell, oldest first, as it would be delivered."""
        rows, last = [], {}
        while True:
            page = self._stripe('GET', '/v1/events', limit=100, **last)
            rows += page['data']
            if not page['has_more']:
                return [json.dumps(row).encode() for row in reversed(rows)]
            last = {'starting_after': rows[-1]['id']}

    def _work_off(self):
        """All that is due in the inbox."""
        self.Event._cron_process()
        self.env.invalidate_all()

    def _codes(self, tenant=None):
        """Why the tenant is to be closed."""
        return sorted((tenant or self.tenant).reason_ids.mapped('code'))
