"""The money story over real HTTP: a plan is paid for, its renewal fails, the tenant is closed, the card mended, it runs again."""
import secrets

from . import journey_steps as steps
from . import journey_steps_billing as billing
from . import journey_steps_domains as domains
from .client import Visitor, Wrong, expect


def journey(world, order, timeline):
    visitor = Visitor(world.url)
    with timeline.step(f'visitor: orders {order.plan} as {order.name}; nothing is made before it is paid'):
        page = billing.place(world, visitor, order)
    with timeline.step('visitor: goes on to Stripe\'s payment page'):
        page = billing.to_stripe(world, visitor, page)
    with timeline.step('visitor: a card is declined, the page says so'):
        page = billing.is_refused(visitor, page)
    with timeline.step('visitor: pays with another and is back on the progress page'):
        back = billing.pay(visitor, page)
        billing.expect_progress(back)
    with timeline.step('Stripe: says that it is paid; the tenant is made and answers'):
        billing.watch(world, visitor, order, back)
        steps.login_page(world, order.name)
        billing.until(world, order.name, status='active', entitlement='active')
    customer = invoices(world, order, timeline)
    unpaid(world, order, timeline, customer)
    the_end(world, order, timeline)


def invoices(world, order, timeline):
    with timeline.step('customer: opens his account; /my/billing has plan, next payment and the invoice as PDF'):
        customer = domains.open_account(world, order, secrets.token_urlsafe(12))
        billing.invoice_pdf(world, customer, order.name)
    with timeline.step('anybody: a forged event is refused and not stored'):
        forged(world)
    return customer


def forged(world):
    answer = Visitor(world.url).post('/saas/stripe/webhook', data=b'{"id": "evt_forged"}', headers={
        'Stripe-Signature': 't=1,v1=00', 'Content-Type': 'application/json'})
    expect(answer, 400)
    if world.master_sql("SELECT 1 FROM saas_billing_event WHERE stripe_id = 'evt_forged'"):
        raise Wrong('A forged event was stored.')


def unpaid(world, order, timeline, customer):
    stripe = world.stack.stripe.control
    with timeline.step('customer: a card that will fail takes the place of the good one'):
        stripe.card(billing.read(world, order.name)['customer'], billing.LATER_DECLINED)
    with timeline.step('a month later: the renewal fails; the tenant runs on, and the customer is told'):
        stripe.advance(days=32)
        billing.until(world, order.name, status='past_due', entitlement='grace')
        steps.login_page(world, order.name)
    with timeline.step('Stripe gives up: the tenant is closed for "unpaid" (503)'):
        stripe.advance(days=21)
        billing.until(world, order.name, status='unpaid', entitlement='suspended')
        billing.until_state(world, order.name, 'suspended')
        steps.closed_page(world, order.name)
    with timeline.step('customer: enters a good card on Stripe\'s page and pays what is owed'):
        billing.change_card(world, customer, order.name, pay=True)
    with timeline.step('Stripe: says that it is paid; the tenant runs again'):
        billing.until(world, order.name, status='active', entitlement='active')
        billing.until_state(world, order.name, 'running')
        steps.login_page(world, order.name)
    with timeline.step('check: status and plan here are Stripe\'s'):
        billing.agrees_with_stripe(world, order.name)


def the_end(world, order, timeline):
    with timeline.step('staff: deletes it; the subscription has ended, nothing is collected any more'):
        world.staff().act(order.name, 'action_delete', 'deleted')
        billing.until(world, order.name, status='canceled')
        billing.agrees_with_stripe(world, order.name)
        steps.gone(world, order.name)
