"""A customer and his tenant in the portal: from the welcome mail to a deletion that is asked for and withdrawn."""
import secrets

import pytest
from playwright.sync_api import expect

from ..client import Visitor, until_status, wait_for_link
from .test_signup import STAGES, follow_mail, order, start

ENDED = 60_000      # milliseconds for what is really done


class Held:
    """Keeps what the page asks about an operation unanswered, until it has been looked at."""

    def __init__(self, page):
        self.kept, self.over = [], False
        page.route('**/status', self._answer)

    def _answer(self, route):
        if self.over:
            route.continue_()
        else:
            self.kept.append(route)

    def release(self):
        self.over = True
        for route in self.kept:
            route.continue_()


def become_customer(window, world):
    """Sign up and wait until the tenant is live; returns (e-mail, name)."""
    email, name = order(window, 'Impulse Max', f'portal-{secrets.token_hex(3)}')
    follow_mail(window, world, email)
    start(window.page)
    expect(window.page.locator('.o_saas_progress[data-phase=ready]')).to_be_visible(timeout=ENDED)
    expect(window.page.locator('.o_saas_account')).to_be_visible()
    return email, name


def set_password(window, world, email):
    """By the mail's link into the portal; ends logged in. Returns the password."""
    password = secrets.token_urlsafe(12)
    page = window.page
    page.goto(wait_for_link(world.stack, email, '/web/signup'))
    page.locator('input[name=password]').fill(password)
    page.locator('input[name=confirm_password]').fill(password)
    page.locator('form.oe_signup_form [type=submit]').click()
    page.wait_for_url('**/my/tenants**')
    return password


def usage_cron(world):
    return world.staff().call('ir.cron', 'search', [('code', 'like', 'usage')], context={'active_test': False})


def usage_only_when_asked(world):
    """Tenants of other tests make the cron due, and it reads the usage of all."""
    return world.staff().resting(usage_cron(world))


def read_usage(world):
    world.staff().call('ir.cron', 'method_direct_trigger', usage_cron(world))


def tenant_page(window, name):
    window.open('/my/tenants')
    window.page.locator('.o_saas_tenant a', has_text=name).click()
    expect(window.page.locator('h1')).to_have_text(name)


def state(page):
    return page.locator('.o_saas_tenant_head .o_saas_state')


def close_and_open(window, world, name):
    page = window.page
    held = Held(page)
    page.locator('.o_saas_act summary').click()
    page.locator('.o_saas_suspend').click()
    expect(page.locator('.o_saas_busy')).to_be_visible()
    window.look('portal-busy')
    held.release()
    expect(state(page)).to_have_attribute('data-state', 'suspended', timeout=ENDED)
    until_status(Visitor(), f'{world.tenant_url(name)}/web/login', 503)
    window.look('portal-closed')
    page.locator('.o_saas_resume').click()
    expect(page.locator('.o_saas_resume')).to_have_count(0)
    expect(state(page)).to_have_attribute('data-state', 'running', timeout=ENDED)
    until_status(Visitor(), f'{world.tenant_url(name)}/web/login', 200)


def invite(window, name):
    page, email = window.page, f'{secrets.token_hex(4)}@browser.example'
    window.open('/my/people')
    page.locator('#person_name').fill('Leo Looker')
    page.locator('#person_email').fill(email)
    page.locator('.o_saas_invite [type=submit]').click()
    expect(page.locator('.o_saas_person', has_text=email)).to_be_visible()
    window.look('portal-people')
    return email


def ask_and_keep(window, name, password):
    page = window.page
    tenant_page(window, name)
    page.locator('.o_saas_delete').click()
    expect(page.locator('.o_saas_delete_form')).to_be_visible()
    window.look('portal-delete')
    for typed in ('another-name', name):
        page.locator('#typed_name').fill(typed)
        page.locator('#proof').fill(password)
        page.locator('.o_saas_delete_form [type=submit]').click()
        if typed != name:
            expect(page.locator('.alert-danger')).to_be_visible()
            window.look('portal-delete-wrong')
    expect(page.locator('.o_saas_leaving')).to_be_visible()
    window.look('portal-leaving')
    page.locator('.o_saas_keep').click()
    expect(page.locator('.alert-success')).to_be_visible()
    expect(page.locator('.o_saas_leaving')).to_have_count(0)


@pytest.mark.parametrize(('screen', 'lang'), STAGES)
def test_customer(visit, world, screen, lang):
    window = visit(screen=screen, lang=lang)
    window.expected = ('status of 422',)
    page = window.page
    with usage_only_when_asked(world):
        email, name = become_customer(window, world)
        password = set_password(window, world, email)
        expect(page.locator('#usage progress')).to_have_count(0)
        window.look('portal-new')
    read_usage(world)

    window.open('/my')
    expect(page.locator('[data-placeholder_count=saas_tenant_count]')).to_have_text('1')
    window.look('portal-home')
    window.open('/my/tenants')
    window.look('portal-list')
    tenant_page(window, name)
    expect(page.locator('#usage [data-code=users]')).to_be_visible()
    expect(page.locator('#history li')).not_to_have_count(0)
    expect(page.locator('.o_saas_copy')).to_be_visible()
    window.look('portal-tenant')

    close_and_open(window, world, name)
    colleague = invite(window, name)
    ask_and_keep(window, name, password)
    window.look('portal-kept')
    a_colleague_looks(visit(screen=screen, lang=lang), world, colleague, name)
    assert world.staff().read(name, 'state', 'delete_on') == {
        'id': world.staff().tenant(name), 'state': 'running', 'delete_on': False}


def a_colleague_looks(window, world, email, name):
    page = window.page
    set_password(window, world, email)
    tenant_page(window, name)
    expect(page.locator('#acts form, #acts details, .o_saas_delete')).to_have_count(0)
    window.look('portal-looker')
    window.open('/my/people')
    expect(page.locator('.o_saas_person')).not_to_have_count(0)
    expect(page.locator('#wrap form')).to_have_count(0)


def test_without_scripts(visit, world):
    """Plain forms do it all: close, open again, ask for deletion, keep."""
    window = visit(screen='phone', scripts=False)
    page = window.page
    email, name = order(window, 'Impulse Max', f'plain-{secrets.token_hex(3)}')
    follow_mail(window, world, email)
    start(page)
    world.staff().wait(name, 'running')
    password = set_password(window, world, email)
    for button, then in (('.o_saas_suspend', 'suspended'), ('.o_saas_resume', 'running')):
        tenant_page(window, name)
        if then == 'suspended':
            page.locator('.o_saas_act summary').click()
        page.locator(button).click()
        page.wait_for_load_state()
        world.staff().wait(name, then)
        page.reload()
        expect(state(page)).to_have_attribute('data-state', then)
    page.locator('.o_saas_delete').click()
    page.locator('#typed_name').fill(name)
    page.locator('#proof').fill(password)
    page.locator('.o_saas_delete_form [type=submit]').click()
    page.locator('.o_saas_keep').click()
    expect(page.locator('.alert-success')).to_be_visible()
