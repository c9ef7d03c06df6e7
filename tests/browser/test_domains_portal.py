"""A customer and his own name in the portal: from the empty page to a name that leads to his tenant, and away again."""
import secrets

import pytest
from playwright.sync_api import expect

from .test_portal import Held, become_customer, set_password, tenant_page
from .test_signup import STAGES

LIVE = 90_000       # milliseconds until a verified name is published


class Registrar:
    """The customer at his DNS provider. What he has set is taken away again."""

    def __init__(self, world):
        self.records, self.names = world.stack.dns_records(), []

    def set(self, name, target):
        self.names.append(name)
        self.records.set(name, 'CNAME', target)

    def leave(self):
        for name in self.names:
            self.records.remove(name)


@pytest.fixture
def registrar(world):
    registrar = Registrar(world)
    yield registrar
    registrar.leave()


def add(window, name, *wrong):
    """In the dialogue; ends on the domain's page."""
    page = window.page
    expect(page.locator('.o_saas_scripted')).not_to_have_count(0)
    page.locator('.o_saas_domain_add').first.click()
    expect(page.locator('dialog .o_saas_add_form')).to_be_visible()
    window.look('domains-add')
    for bad in wrong:
        page.locator('dialog #external_domain').fill(bad)
        page.locator('dialog [type=submit]').click()
        expect(page.locator('dialog .invalid-feedback')).to_be_visible()
        window.look('domains-add-wrong')
    page.locator('dialog #external_domain').fill(name)
    page.locator('dialog [type=submit]').click()
    expect(page.locator('.o_saas_live_domain')).to_be_visible()
    expect(page.locator('h1')).to_have_text(name)


def value_of(page, kind, field):
    return page.locator(f'[data-type={kind}] [data-field={field}] code').text_content()


def copy(page, kind, field):
    """What the button puts into the clipboard."""
    button = page.locator(f'[data-type={kind}] [data-field={field}] .o_saas_copy_value')
    copied = button.locator('.o_saas_copied')
    for _click in range(10):        # the page's scripts come after it
        button.click()
        page.wait_for_timeout(200)
        if copied.is_visible():
            break
    expect(copied).to_be_visible()
    return page.evaluate('navigator.clipboard.readText()')


def check(page, outcome):
    page.locator('.o_saas_verify').click()
    expect(page.locator('.o_saas_verdict')).to_have_attribute('data-outcome', outcome)


def is_state(page, state, **options):
    expect(page.locator('.o_saas_domain_head .o_saas_mark')).to_have_attribute('data-state', state, **options)


def remove(page):
    page.locator('.o_saas_remove').click()
    page.locator('.o_saas_remove_sure').click()
    expect(page.locator('.alert-success')).to_be_visible()


@pytest.mark.parametrize(('screen', 'lang'), STAGES)
def test_own_name(visit, world, registrar, screen, lang):
    window = visit(screen=screen, lang=lang)
    window.expected = ('status of 422',)
    window.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    page, company = window.page, f'impulse-{secrets.token_hex(3)}'
    name = f'www.{company}.test'
    email, tenant = become_customer(window, world)
    set_password(window, world, email)

    window.open('/my/domains')
    window.look('domains-empty')
    add(window, name, f'https://{name}/shop')
    target = value_of(page, 'CNAME', 'value')
    assert (value_of(page, 'CNAME', 'host'), copy(page, 'CNAME', 'value')) == ('www', target)
    assert target.startswith(company)
    window.look('domains-record')

    registrar.set(name, 'parking.sandbox.test')
    check(page, 'no')
    expect(page.locator('.o_saas_compare')).to_contain_text('parking.sandbox.test')
    window.look('domains-wrong')
    registrar.set(name, target)
    held = Held(page)
    check(page, 'yes')
    expect(page.locator('.o_saas_busy')).to_be_visible()
    window.look('domains-publishing')
    held.release()
    expect(page.locator('.o_saas_live_card')).to_be_visible(timeout=LIVE)
    is_state(page, 'active')
    window.look('domains-live')
    page.locator('.o_saas_make_primary').click()
    expect(page.locator('.o_saas_make_primary')).to_have_count(0)
    around(window, name, tenant)
    without_www(window, f'{company}.test')

    page.goto(page.url)
    remove(page)
    window.open('/my/domains')
    page.locator('.o_saas_row_link', has_text=name).click()
    remove(page)
    expect(page.locator('.o_saas_empty')).to_be_visible()
    window.look('domains-removed')


def around(window, name, tenant):
    """The other pages that show it."""
    page = window.page
    window.open('/my')
    expect(page.locator('[data-placeholder_count=saas_domain_count]')).to_have_text('1')
    window.open('/my/domains')
    expect(page.locator('.o_saas_domains .o_saas_primary')).to_be_visible()
    window.look('domains-list')
    window.open('/my/domains?search=nowhere')
    expect(page.locator('.o_saas_empty')).to_be_visible()
    tenant_page(window, tenant)
    expect(page.locator('#domains a', has_text=name)).to_be_visible()
    window.look('domains-tenant')


def without_www(window, name):
    """From the tenant's page; the page explains what such a name needs."""
    add(window, name)
    expect(window.page.locator('.o_saas_apex')).to_be_visible()
    expect(window.page.locator('.o_saas_record[data-type=TXT]')).to_be_visible()
    window.look('domains-apex')


def test_without_scripts(visit, world, registrar):
    """Plain pages do it all: add, check, follow, make primary, remove."""
    email, _tenant = become_customer(visit(screen='phone'), world)
    window = visit(screen='phone', scripts=False)
    page, name = window.page, f'www.plain-{secrets.token_hex(3)}.test'
    set_password(window, world, email)
    window.open('/my/domains')
    page.locator('.o_saas_domain_add').click()
    page.locator('#external_domain').fill(name)
    page.locator('.o_saas_add_form [type=submit]').click()
    expect(page.locator('h1')).to_have_text(name)
    expect(page.locator('.o_saas_copy_value').first).to_be_hidden()
    window.look('domains-plain')
    registrar.set(name, value_of(page, 'CNAME', 'value'))
    check(page, 'yes')
    until_live(page)
    until_still(page)       # the name is live before its tenant has been told
    page.locator('.o_saas_make_primary').click()
    expect(page.locator('.alert-success')).to_be_visible()
    until_still(page)
    remove(page)


def until_live(page):
    """Load the page again, as it says, until the name is live."""
    page.set_default_timeout(LIVE)
    live = page.locator('.o_saas_live_card')
    for _load in range(300):
        page.reload()
        if live.count():
            return
        page.wait_for_timeout(300)
    expect(live).to_be_visible()


def until_still(page):
    busy = page.locator('.o_saas_busy')
    for _load in range(300):
        page.reload()
        if not busy.count():
            return
        page.wait_for_timeout(300)
    expect(busy).to_have_count(0)
