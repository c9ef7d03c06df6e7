"""What a customer does who pays: from a plan to Stripe's page and back, and at Stripe's portal. Ours and the sandbox's pages."""
import secrets

from playwright.sync_api import expect

from .test_portal import set_password
from .test_signup import fill_in, follow_mail

CARD, DECLINED, SECURE = '4242424242424242', '4000000000000002', '4000002500003155'
MADE = 90_000       # milliseconds from the payment to a tenant that is live
NOTED = 30_000      # until what was done at Stripe is known here


def choose(window, plan, interval='month'):
    """On the plans page; ends on the form."""
    page = window.page
    window.open('/saas')
    page.locator(f'.o_saas_switcher [data-interval={interval}]').click()
    expect(page.locator(f'.o_saas_switcher [data-interval={interval}]')).to_have_attribute('aria-current', 'true')
    window.look(f'billing-plans-{interval}')
    page.locator(f'.o_saas_plan[data-plan={plan}] .btn').click()
    expect(page.locator(f'[name=plan][value={plan}]')).to_be_checked()
    expect(page.locator(f'[name=interval][value={interval}]')).to_be_checked()


def order(window, world, plan='business', interval='month', name=''):
    """From the plans page to the page before the payment; returns (e-mail, name of the tenant)."""
    page = window.page
    choose(window, plan, interval)
    email, name = fill_in(page, f'Paying {secrets.token_hex(3)}', name or f'pay-{secrets.token_hex(3)}')
    window.look('billing-signup')
    page.locator('.o_saas_signup_form [type=submit]').click()
    expect(page.locator('.o_saas_email')).to_have_text(email)
    follow_mail(window, world, email)
    window.look('billing-confirm')
    page.locator('.o_saas_once [type=submit]').click()
    page.wait_for_url('**/saas/pay/*')
    expect(page.locator('.o_saas_to_stripe')).to_be_visible()
    window.look('billing-pay')
    return email, name


# -- at Stripe --------------------------------------------------------------------------------------


def look_at_stripe(window, name):
    """What must hold on the sandbox's pages, too."""
    width = window.page.viewport_size['width']
    assert window.page.evaluate('document.documentElement.scrollWidth') <= width, f'{name} is wider than the screen'
    expect(window.page.locator('.sandbox')).to_be_visible()


def to_stripe(window, opens='[name=pay]'):
    window.page.locator('.o_saas_to_stripe').click()
    expect(window.page.locator(opens)).to_be_visible()
    look_at_stripe(window, 'the payment page')


def enter_card(page, number):
    page.locator('#cardNumber').fill(number)
    page.locator('#cardExpiry').fill('12 / 34')
    page.locator('#cardCvc').fill('123')


def pay(window, number=CARD):
    enter_card(window.page, number)
    window.page.locator('[name=pay]').click()


def pay_and_wait(window, number=CARD):
    """From the page before the payment to a tenant that is live."""
    to_stripe(window)
    pay(window, number)
    until_ready(window)


def until_ready(window):
    window.page.wait_for_url('**/saas/progress/**')
    expect(window.page.locator('.o_saas_progress[data-phase=ready]')).to_be_visible(timeout=MADE)


def answer_bank(page, answer):
    """The step of 3-D Secure: ``complete`` or ``fail``."""
    page.locator(f'[name=answer][value={answer}]').click()


def leave(page):
    """Back from the payment page without having paid."""
    page.locator('#back a').click()


def become_paying(window, world, plan='business', interval='month'):
    """A customer who has paid and is logged in; returns the name of his tenant."""
    email, name = order(window, world, plan, interval)
    pay_and_wait(window)
    set_password(window, world, email)
    return name


# -- in the portal ----------------------------------------------------------------------------------


def billing_page(window, name):
    window.open('/my/billing')
    window.page.locator(f'[data-tenant={name}] a').first.click()
    expect(window.page.locator('#subscription')).to_be_visible()


def is_state(page, code, **options):
    expect(page.locator('#subscription .o_saas_money')).to_have_attribute('data-code', code, **options)


def change_card(window, number=CARD):
    """Through Stripe's portal and back."""
    window.page.locator('.o_saas_do_card').click()
    expect(window.page.locator('#cardNumber')).to_be_visible()
    look_at_stripe(window, 'the page of the card')
    enter_card(window.page, number)
    window.page.locator('[name=save]').click()


def until(page, condition, seconds=30):
    """Load the page again until ``condition()``."""
    for _load in range(seconds * 4):
        if condition():
            return
        page.wait_for_timeout(250)
        page.reload()
    assert condition(), f'{page.url} has not become as it should within {seconds} s'

