"""A customer who pays: order, payment, change, cancellation and card, in a browser, with the pages of the sandbox."""
import pytest
import requests
from playwright.sync_api import expect

from . import paying
from .test_portal import set_password
from .test_signup import STAGES

REFUSED = ('status of 402', 'status of 410')


@pytest.mark.parametrize(('screen', 'lang'), STAGES)
def test_paid_changed_and_cancelled(visit, world, screen, lang):
    window = visit(screen=screen, lang=lang)
    page = window.page
    email, name = paying.order(window, world, 'business', 'year')
    paying.to_stripe(window)
    paying.pay(window)
    paying.until_ready(window)
    window.look('billing-ready')
    set_password(window, world, email)

    window.open('/my')
    expect(page.locator('[data-placeholder_count=saas_billing_count]')).to_have_text('1')
    window.open('/my/billing')
    expect(page.locator(f'[data-tenant={name}]')).to_be_visible()
    window.look('billing-list')
    paying.billing_page(window, name)
    paying.is_state(page, 'active')
    paying.until(page, lambda: page.locator('.o_saas_pdf').count())
    window.look('billing-subscription')
    answer = requests.get(page.locator('.o_saas_pdf').first.get_attribute('href'), timeout=20)
    assert answer.content.startswith(b'%PDF'), 'the link leads to the invoice'

    larger(window)
    smaller(window)
    cancel_and_keep(window)
    window.open('/my/tenants')
    page.locator('.o_saas_tenant a', has_text=name).click()
    expect(page.locator('#plan .o_saas_money')).to_have_attribute('data-code', 'active')
    window.look('billing-tenant')
    page.locator('.o_saas_to_billing').click()
    paying.change_card(window)
    expect(page.locator('.o_saas_card_on_file')).to_be_visible()


def larger(window):
    """What it costs is shown before anything is done."""
    page = window.page
    page.locator('.o_saas_change').click()
    expect(page.locator('.o_saas_offers [data-plan=team]')).to_be_visible()
    window.look('billing-choose')
    page.locator('[data-plan=team] .o_saas_take [type=submit]').click()
    expect(page.locator('.o_saas_preview')).to_have_attribute('data-kind', 'up')
    expect(page.locator('.o_saas_due dd')).to_contain_text('500')
    window.look('billing-preview-up')
    page.locator('.o_saas_agree').click()
    expect(page.locator('.alert-success')).to_be_visible()
    expect(page.locator('.o_saas_next_payment')).to_contain_text('990')


def smaller(window):
    page = window.page
    page.locator('.o_saas_change').click()
    page.locator('[data-plan=business] .o_saas_take [type=submit]').click()
    expect(page.locator('.o_saas_preview')).to_have_attribute('data-kind', 'down')
    window.look('billing-preview-down')
    page.locator('.o_saas_agree').click()
    expect(page.locator('.o_saas_planned')).to_be_visible()
    window.look('billing-planned')
    page.locator('.o_saas_do_keep-plan').click()
    expect(page.locator('.o_saas_planned')).to_have_count(0)


def cancel_and_keep(window):
    page = window.page
    page.locator('.o_saas_cancel').click()
    expect(page.locator('.o_saas_cancel_form')).to_be_visible()
    window.look('billing-cancel')
    page.locator('#reason-unused').check()
    page.locator('#comment').fill('We come back next year')
    page.locator('.o_saas_cancel_form [type=submit]').click()
    paying.is_state(page, 'leaving')
    window.look('billing-leaving')
    page.locator('.o_saas_do_keep').click()
    paying.is_state(page, 'active')


def test_refused_then_confirmed_with_the_bank(visit, world):
    window = visit(screen='phone')
    window.expected = REFUSED
    page = window.page
    paying.order(window, world)
    paying.to_stripe(window)
    paying.pay(window, paying.DECLINED)
    expect(page.locator('[role=alert]')).to_be_visible()
    paying.pay(window, paying.SECURE)
    paying.answer_bank(page, 'fail')
    expect(page.locator('[role=alert]')).to_be_visible()
    paying.pay(window, paying.SECURE)
    paying.answer_bank(page, 'complete')
    paying.until_ready(window)


def test_left_and_found_again(visit, world):
    window = visit(screen='phone')
    window.expected = REFUSED
    page = window.page
    _email, name = paying.order(window, world)
    paying.to_stripe(window)
    at_stripe = page.url
    paying.leave(page)
    expect(page.locator('.o_saas_note')).to_be_visible()
    window.look('billing-left')
    paying.to_stripe(window)
    assert page.url == at_stripe, 'the same page of Stripe as long as it is open'
    paying.leave(page)
    page.locator('.o_saas_withdraw summary').click()
    page.locator('.o_saas_withdraw [type=submit]').click()
    expect(page.locator('.o_saas_pay')).to_have_attribute('data-state', 'abandoned')
    window.look('billing-withdrawn')
    page.locator('.o_saas_again').click()
    expect(page.locator('.o_saas_to_stripe')).to_be_visible()
    expect(page.locator('.o_saas_order')).to_contain_text(name)


def test_a_trial_without_a_card(visit, world):
    """It begins without one; one is entered later, at Stripe."""
    window = visit(screen='phone', lang='es')
    page = window.page
    email, name = paying.order(window, world, 'team')
    paying.to_stripe(window)
    expect(page.locator('#cardNumber')).to_have_count(0)
    page.locator('[name=pay]').click()
    paying.until_ready(window)
    set_password(window, world, email)
    paying.billing_page(window, name)
    paying.is_state(page, 'trial')
    window.look('billing-trial')
    paying.change_card(window)
    expect(page.locator('.o_saas_do_card.btn-outline-primary')).to_be_visible()
    paying.is_state(page, 'trial')
    banner(window, world, name)


def banner(window, world, name):
    """As if the payment had been overdue for two days."""
    page = window.page
    world.master_sql(
        "UPDATE saas_subscription SET status = 'past_due', past_due_since = now() - interval '2 days', entitlement = 'grace',"
        " entitled_until = now() + interval '5 days' WHERE tenant_id = (SELECT id FROM saas_tenant WHERE name = %s)", name)
    window.open('/my/tenants')
    expect(page.locator('.o_saas_money_note')).to_have_attribute('data-code', 'overdue')
    window.look('billing-overdue')
    page.locator('.o_saas_money_note .btn').click()
    paying.is_state(page, 'overdue')
    window.look('billing-overdue-subscription')


def test_without_scripts(visit, world):
    """Plain pages do it all: the interval, the order, the payment, the wait, a change, the way out."""
    window = visit(screen='phone', scripts=False)
    page = window.page
    email, name = paying.order(window, world, 'business', 'year')
    paying.to_stripe(window)
    paying.pay(window)
    page.wait_for_url('**/saas/progress/**')
    paying.until(page, lambda: page.locator('.o_saas_progress[data-phase=ready]').count(), seconds=90)
    set_password(window, world, email)
    paying.billing_page(window, name)
    page.locator('.o_saas_change').click()
    page.locator('[data-plan=team] .o_saas_take [type=submit]').click()
    page.locator('.o_saas_agree').click()
    expect(page.locator('.o_saas_next_payment')).to_contain_text('990')
    page.locator('.o_saas_cancel').click()
    page.locator('#reason-other').check()
    page.locator('.o_saas_cancel_form [type=submit]').click()
    paying.is_state(page, 'leaving')
