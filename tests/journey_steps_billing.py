"""A plan that is paid for, step by step: the visitor at our pages and at Stripe's, then what follows from it."""
import re
import time
from urllib.parse import urljoin

from . import journey_steps as steps
from .client import Visitor, Wrong, excerpt, expect, wait_for_link

GOOD, DECLINED, LATER_DECLINED, SECURE = '4242424242424242', '4000000000000002', '4000000000000341', '4000002500003155'
CARD = {'cardExpiry': '12 / 34', 'cardCvc': '123', 'billingName': 'Ann Example'}
SHOWN = ['stripe_id', 'status', 'entitlement', 'plan_id', 'customer', 'period_end', 'trial_end', 'cancel_at', 'mrr', 'amount',
         'user_quantity', 'has_payment_method', 'next_from', 'tenant_id', 'account_id']
POLL = 0.1


# -- the order ------------------------------------------------------------------------------------


def place(world, visitor, order):
    """From the form to the page before the payment; nothing of the tenant exists but its name."""
    steps.sign_up(world, visitor, order)
    page = visitor.send_form(steps.confirmation_page(world, visitor, order))
    if '/saas/pay/' not in page.url:
        raise Wrong(f'The confirmation of a paid plan ended at {page.url}: {excerpt(page.text)}')
    if order.name in world.databases() or world.staff().read(order.name, 'state')['state'] != 'draft':
        raise Wrong(f'{order.name} was made before it was paid.')
    return page


def to_stripe(world, visitor, page):
    """Press the button of the page before the payment; the payment page at Stripe."""
    there = visitor.send_form(page)
    if not there.url.startswith(f'{world.stack.stripe.api_base}/c/pay/'):
        raise Wrong(f'The way to Stripe ended at {there.url}: {excerpt(there.text)}')
    return there


def send(visitor, page, status=200, **values):
    """Send the form of one of Stripe's pages that has these fields."""
    forms = re.findall(r'<form.*?</form>', page.text, re.S)
    form = next((form for form in forms if all(f'name="{name}"' in form for name in values)), None)
    if form is None:
        raise Wrong(f'{page.url} has no form with {", ".join(values)}: {excerpt(page.text)}')
    target = re.search(r'action="([^"]*)"', form.partition('>')[0] + '>')
    return expect(visitor.post(urljoin(page.url, target[1] if target else page.url), data=values), status)


def pay(visitor, page, card=GOOD, status=200):
    """Fill in a card and press the button; with a good one it leads back to us."""
    return send(visitor, page, status, cardNumber=card, pay='1', **CARD)


def is_refused(visitor, page, card=DECLINED):
    """The page says so and can be tried again."""
    again = pay(visitor, page, card, 402)
    if 'declined' not in again.text:
        raise Wrong(f'No word of the card that was declined: {excerpt(again.text)}')
    return again


def paid_and_running(world, visitor, order, card=GOOD):
    """The whole way; the subscription as staff see it."""
    page = to_stripe(world, visitor, place(world, visitor, order))
    watch(world, visitor, order, pay(visitor, page, card))
    return read(world, order.name)


def watch(world, visitor, order, page):
    """Back from Stripe: the progress page, until the tenant is ready."""
    expect_progress(page)
    steps.watch(visitor, page.url.partition('?')[0], through=('payment', 'processing', 'working'))
    world.staff().wait(order.name, 'running')


def expect_progress(page):
    if '/saas/progress/' not in page.url:
        raise Wrong(f'The payment ended at {page.url}: {excerpt(page.text)}')


# -- what staff see -------------------------------------------------------------------------------


def read(world, name):
    """The subscription the tenant follows."""
    found = world.staff().call('saas.subscription', 'search_read', [('tenant_id.name', '=', name)], SHOWN, order='id desc')
    if not found:
        raise Wrong(f'{name} has no subscription.')
    return found[0]


def until(world, name, seconds=60, **values):
    """Wait until the subscription has these values."""
    deadline, found = time.monotonic() + seconds, {}
    while time.monotonic() < deadline:
        found = read(world, name)
        if all(found[field] == value for field, value in values.items()):
            return found
        time.sleep(POLL)
    raise Wrong(f'The subscription of {name} is not {values} after {seconds} s: {found}')


def until_state(world, name, state, seconds=90):
    """Wait until the tenant is in that state and nothing is under way."""
    deadline, found = time.monotonic() + seconds, {}
    while time.monotonic() < deadline:
        found = world.staff().read(name, 'state', 'operation_id', 'reason_ids')
        if found['state'] == state:
            world.staff().wait(name, state)
            return found
        time.sleep(POLL)
    raise Wrong(f'{name} is not {state} after {seconds} s: {found}')


def until_free(visitor, check, seconds=60):
    """Wait until the sign-up form would take the name."""
    deadline, found = time.monotonic() + seconds, {}
    while time.monotonic() < deadline:
        found = visitor.page(check).json()
        if found['code'] == 'free':
            return
        time.sleep(5 * POLL)
    raise Wrong(f'{check} still says {found} after {seconds} s.')


def run_cron(world, name):
    """What the hour would bring."""
    staff = world.staff()
    cron = staff.call('ir.model.data', 'check_object_reference', 'saas_billing', name)[1]
    staff.call('ir.cron', 'method_direct_trigger', [cron])


def agrees_with_stripe(world, name):
    """Status and price here are those there."""
    ours = read(world, name)
    theirs = next(row for row in rows(world, 'subscriptions') if row['id'] == ours['stripe_id'])
    if ours['status'] != theirs['status']:
        raise Wrong(f'{name} is {ours["status"]} here and {theirs["status"]} at Stripe.')
    return theirs


def rows(world, table):
    found = world.stack.stripe.control.rows(table)
    return list(found.values()) if isinstance(found, dict) else found


# -- the customer ---------------------------------------------------------------------------------


def billing_page(world, customer, name):
    """/my/billing of his tenant."""
    return customer.page(f'/my/billing/{world.staff().tenant(name)}')


def invoice_pdf(world, customer, name):
    """The PDF that the page links to is one."""
    page = billing_page(world, customer, name)
    links = re.findall(r'href="([^"]+/pdf[^"]*)"', page.text)
    if not links:
        raise Wrong(f'No invoice to download on {page.url}: {excerpt(page.text)}')
    answer = expect(Visitor().get(links[0]), 200)
    if not answer.content.startswith(b'%PDF'):
        raise Wrong(f'{links[0]} is no PDF.')


def to_portal(world, customer, name):
    """Through the button for the card to Stripe's page for it."""
    page = billing_page(world, customer, name)
    there = customer.send_form(page, action=f'{page.url.partition("?")[0]}/card')
    if not there.url.startswith(f'{world.stack.stripe.api_base}/p/session/'):
        raise Wrong(f'The way to the customer portal ended at {there.url}: {excerpt(there.text)}')
    return there


def change_card(world, customer, name, card=GOOD, pay=False):
    """A new card; with ``pay`` what is owed is paid with it at once."""
    return send(customer, to_portal(world, customer, name), cardNumber=card, **CARD,
                **({'pay': '1'} if pay else {'save': '1'}))


def wait_for_mail(world, order, subject):
    """A mail to the customer whose subject has these words."""
    if not world.stack.wait_for_mail(order.email, subject):
        raise Wrong(f'No mail "{subject}" came to {order.email}.')


def open_account(world, order, password):
    """Set the password of the customer account by the link in the welcome mail; return the customer, logged in."""
    customer = Visitor(world.url)
    page = customer.page(wait_for_link(world.stack, order.email, '/web/signup'))
    customer.send_form(page, login=order.email, name=order.person, password=password, confirm_password=password)
    return customer
