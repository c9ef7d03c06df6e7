"""The sign-up as people meet it: a browser, a mailbox, a tenant that is really made."""
import os
import re
import secrets

import pytest
from playwright.sync_api import expect

from ..client import wait_for_link

# Each screen and each language once; for the pictures, all four.
PICTURED = os.environ.get('SAAS_SCREENSHOTS') == '1'
STAGES = [('desktop', 'en'), ('phone', 'es'), *([('phone', 'en'), ('desktop', 'es')] if PICTURED else [])]
LANGS = ['en', *(['es'] if PICTURED else [])]       # of journeys that wait half a minute for the next code


@pytest.fixture
def company():
    return f'Browser {secrets.token_hex(3)} & Söhne'


def fill_in(page, company, name=''):
    """The form, typed as a person types; returns the e-mail and the name that was given or, while typing, suggested."""
    email = f'{secrets.token_hex(4)}@browser.example'
    page.locator('#company_name').press_sequentially(company, delay=5)
    page.locator('#contact_name').fill('Ann Example')
    page.locator('#email').fill(email)
    if name:
        page.locator('#name').fill(name)
        return email, name
    suggested = re.sub('[^a-z0-9]+', '-', company.lower().replace('ö', 'o'))
    expect(page.locator('#name')).to_have_value(suggested)
    return email, suggested


def order(window, company, name=''):
    """From the form to the confirmation page; returns (email, name of the tenant)."""
    page = window.page
    window.open('/saas/signup?plan=basic')
    email, name = fill_in(page, company, name)
    page.locator('.o_saas_signup_form [type=submit]').click()
    expect(page.locator('.o_saas_email')).to_have_text(email)
    return email, name


def follow_mail(window, world, email):
    window.page.goto(wait_for_link(world.stack, email, '/saas/confirm/'))


class Held:
    """Keeps the first answer that shows some progress on the page until it has been looked at."""

    def __init__(self, page):
        self.kept, self.over = None, False
        page.route('**/status', self._answer)

    def _answer(self, route):
        if self.over:
            return route.continue_()
        response = self.kept or route.fetch()
        if 20 < response.json().get('percent', 0) < 90:
            self.kept = response
        return route.fulfill(response=response)

    def release(self):
        self.over = True


def start(page):
    page.locator('.o_saas_once [type=submit]').click()
    page.wait_for_url('**/saas/progress/*')


@pytest.mark.parametrize(('screen', 'lang'), STAGES)
def test_journey(visit, world, company, screen, lang):
    window = visit(screen=screen, lang=lang)
    page = window.page
    window.open('/saas')
    expect(page.locator('.o_saas_plan')).not_to_have_count(0)
    window.look('plans')
    page.locator('.o_saas_plan[data-plan=basic] .btn').click()
    expect(page.locator('[name=plan][value=basic]')).to_be_checked()

    email, name = fill_in(page, company)
    expect(page.locator('.o_saas_live')).to_have_attribute('data-code', 'free')
    expect(page.locator('#lang')).to_have_value({'en': 'en_US', 'es': 'es_ES'}[lang])
    window.look('signup')
    page.locator('.o_saas_signup_form [type=submit]').click()
    expect(page.locator('.o_saas_email')).to_have_text(email)
    window.look('inbox')

    follow_mail(window, world, email)
    assert ('/es/' in page.url) == (lang == 'es'), 'the mail leads to the page in the language of the order'
    expect(page.locator('.o_saas_limits')).to_contain_text(f'{name}.localhost')
    window.look('confirm')
    held = Held(page)
    start(page)
    moving = page.locator('.o_saas_steps [data-state=done]')
    expect(moving.or_(page.locator('.o_saas_address')).first).to_be_visible()
    if moving.count():      # else it was faster than the eye
        window.look('progress')
    held.release()
    expect(page.locator('.o_saas_progress[data-phase=ready]')).to_be_visible(timeout=60_000)
    expect(page.locator('.o_saas_address')).to_have_attribute('href', world.tenant_url(name))
    window.look('ready')
    page.locator('.o_saas_progress .btn-primary').click()
    page.goto(f'{world.tenant_url(name)}/web/login')
    expect(page.locator('[name=login]')).to_be_visible()


def test_a_taken_name_comes_with_another_one(visit):
    window = visit()
    page = window.page
    window.open('/saas/signup')
    live = page.locator('.o_saas_live')
    for typed, code in (('a.b', 'invalid'), ('-', 'invalid'), ('admin', 'reserved')):
        page.locator('#name').fill(typed)
        expect(live).to_have_attribute('data-code', code)
        expect(live.locator('.o_saas_live_message')).to_be_visible()
        expect(page.locator('#name')).to_have_class('form-control is-invalid')
    live.get_by_role('button').click()
    expect(page.locator('#name')).to_have_value('admin-2')
    expect(live).to_have_attribute('data-code', 'free')
    page.locator('#company_name').fill('Another company')
    expect(page.locator('#name')).to_have_value('admin-2')
    page.locator('#name').fill('')
    page.locator('#company_name').fill('Ñandú e Hijos, S.L.')
    expect(page.locator('#name')).to_have_value('nandu-e-hijos-s-l')


def test_errors_stand_beside_their_fields(visit, company):
    window = visit(screen='phone')
    window.expected = ('status of 422',)
    page = window.page
    window.open('/saas/signup')
    fill_in(page, company, 'admin')
    page.locator('#email').fill('nobody')
    page.eval_on_selector('.o_saas_signup_form', 'form => form.noValidate = true')
    page.locator('.o_saas_signup_form [type=submit]').click()
    expect(page.locator('#email_problem')).to_be_visible()
    expect(page.locator('#name_problem')).to_be_visible()
    expect(page.locator('#company_name_problem')).to_be_hidden()
    expect(page.locator('#company_name')).to_have_value(company)
    window.look('signup-errors')
    page.locator('#name').fill(f'free-{secrets.token_hex(3)}')
    expect(page.locator('.o_saas_live')).to_have_attribute('data-code', 'free')
    expect(page.locator('#name_problem')).to_be_hidden()


def test_progress_outlives_a_server_that_is_away(visit, world, company):
    window = visit()
    window.expected = ('ERR_CONNECTION_REFUSED', '502')
    page = window.page
    email, _name = order(window, company)
    follow_mail(window, world, email)
    answers = iter(['refused', '502', 'refused'])

    def away(route):
        answer = next(answers, None)
        if answer == 'refused':
            route.abort('connectionrefused')
        elif answer:
            route.fulfill(status=502, body='Bad gateway', content_type='text/html')
        else:
            route.continue_()
    page.route('**/status', away)
    start(page)
    expect(page.locator('.o_saas_lost')).to_be_visible()
    expect(page.locator('.o_saas_progress[data-phase=ready]')).to_be_visible(timeout=60_000)


def test_without_scripts(visit, world, company):
    window = visit(scripts=False)
    page = window.page
    name = f'plain-{secrets.token_hex(3)}'
    email, _name = order(window, company, name)
    follow_mail(window, world, email)
    start(page)
    for _look in range(60):
        if page.locator('.o_saas_progress[data-phase=ready]').count():
            break
        page.locator('noscript a, .o_saas_progress a').first.click()
        page.wait_for_timeout(500)
    expect(page.locator('.o_saas_address')).to_have_attribute('href', world.tenant_url(name))


def test_two_clicks_and_an_old_link(visit, world, company):
    window = visit()
    page = window.page
    email, name = order(window, company)
    link = wait_for_link(world.stack, email, '/saas/confirm/')
    page.goto(link)
    page.locator('.o_saas_once [type=submit]').dblclick()
    page.wait_for_url('**/saas/progress/*')
    progress = page.url
    page.goto(link)
    page.wait_for_url('**/saas/progress/*')
    assert page.url == progress
    expect(page.locator('.o_saas_progress[data-phase=ready]')).to_be_visible(timeout=60_000)
    assert world.staff().call('saas.tenant', 'search_count', [('name', '=', name)]) == 1


def test_unknown_link(visit):
    window = visit()
    window.expected = ('status of 404',)
    response = window.open('/saas/confirm/forged')
    assert response.status == 404
    window.look('link-unknown')
    window.page.locator('#wrap .btn-primary').click()
    expect(window.page.locator('#company_name')).to_be_visible()
