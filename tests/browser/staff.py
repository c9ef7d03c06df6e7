"""People of staff for browser tests: made over the master's interface, at work in a window of their own."""
import os
import secrets
import time
from contextlib import contextmanager

import psycopg2
from playwright.sync_api import expect

from .conftest import PICTURES

LANGS = {'en': 'en_US', 'es': 'es_ES'}
READY = '.o_view_controller, .o_form_view, .o_saas_dashboard'


class Person:
    """A member of staff with a password; taken away with ``leave``."""

    def __init__(self, world, group='support', lang='en'):
        self.world, self.lang = world, lang
        self.login, self.password = f'{group}-{secrets.token_hex(4)}', secrets.token_urlsafe(16)
        staff = world.staff()
        groups = 'groups_id' if world.stack.odoo.series == '17.0' else 'group_ids'
        role = staff.call('ir.model.data', 'check_object_reference', 'saas_master', f'group_saas_{group}')[1]
        self.id = staff.call('res.users', 'create', {
            'name': f'Sam {group.title()}', 'login': self.login, 'password': self.password, 'lang': LANGS[lang],
            groups: [(4, role)]})

    def leave(self):
        self.world.staff().call('res.users', 'write', [self.id], {'active': False})


DO_ACTION = """([action, viewType, menu]) => {
    const {services} = odoo.__WOWL_DEBUG__.root.env;
    services.menu.setCurrentMenu(menu);
    return services.action.doAction(action, {clearBreadcrumbs: true, viewType});
}"""


class Backend:
    """The backend in a window that somebody is logged in in. The web client is large, and loaded when its first screen is wanted
    (or ``is_open`` already); from then on screens follow each other in it as they do under its menu; each is read anew.
    """

    def __init__(self, window, world, is_open=True):
        self.window, self.world, self.page, self.is_open = window, world, window.page, is_open

    def action(self, name, view_type=None, addon='saas_master'):
        number = self._reference(addon, name)
        self._show(number, view_type, {'action': number, **({'view_type': view_type} if view_type else {})})

    def record(self, model, number):
        action = {'type': 'ir.actions.act_window', 'res_model': model, 'res_id': number, 'views': [[False, 'form']]}
        self._show(action, 'form', {'model': model, 'id': number, 'view_type': 'form'})
        expect(self.page.locator('.o_form_view').first).to_be_visible(timeout=30_000)

    def expect_no_error(self):
        expect(self.page.locator('.o_error_dialog, .o_dialog_error')).to_have_count(0)

    def _show(self, action, view_type, anchor):
        menu = self._reference('saas_master', 'menu_saas_root')
        if self.is_open:
            self.page.evaluate(DO_ACTION, [action, view_type, menu])
        else:
            self.page.goto(f'{self.window.address}/web#' + '&'.join(
                f'{key}={value}' for key, value in {**anchor, 'menu_id': menu}.items()))
            self.is_open = True
        expect(self.page.locator('.o_action_manager').locator(READY).first).to_be_visible(timeout=30_000)

    def _reference(self, addon, name):
        return self.world.staff().call('ir.model.data', 'check_object_reference', addon, name)[1]


class Desk(Backend):
    """The backend as one person has it open. (Logging in by the form is tested in ``test_backend``.)"""

    def __init__(self, window, world, person):
        super().__init__(window, world, is_open=False)
        self.person = person
        answer = window.context.request.post(f'{window.address}/web/session/authenticate', data={'jsonrpc': '2.0', 'params': {
            'db': 'saas_master', 'login': person.login, 'password': person.password}})
        assert answer.json().get('result', {}).get('uid') == person.id, answer.text()[:300]

    def search(self, text):
        """Filter a list by ``text``, which each of its records shows; what is clicked before is drawn anew under the hand."""
        self.page.locator('.o_searchview_input').fill(text)
        expect(self.page.locator('.o_searchview_autocomplete')).to_be_visible()
        self.page.keyboard.press('Enter')
        expect(self.page.locator('.o_searchview_facet', has_text=text)).to_be_visible()
        expect(self.page.locator('.o_data_row').filter(has_not_text=text)).to_have_count(0)

    def look(self, name, height=None):
        """No dialogue of an error, nothing wider than the screen; the picture that was asked for, ``height`` pixels high."""
        self.expect_no_error()
        width = self.page.viewport_size['width']
        assert self.page.evaluate('document.documentElement.scrollWidth') <= width, f'{name} is wider than the screen'
        if os.environ.get('SAAS_SCREENSHOTS') == '1':
            PICTURES.mkdir(parents=True, exist_ok=True)
            size = self.page.viewport_size
            self.page.set_viewport_size({**size, 'height': height or size['height']})
            self.page.mouse.move(0, 0)
            self.page.wait_for_timeout(700)
            screen = '' if self.window.screen == 'desktop' else f'-{self.window.screen}'
            self.page.screenshot(path=PICTURES / f'backend-{name}-{self.person.lang}{screen}.png')
            self.page.set_viewport_size(size)


@contextmanager
def foreign_database(world, name):
    """Somebody else's database, of a name that a tenant is about to get; gone at the end, or when ``drop`` is called."""
    def execute(statement):
        server = world.stack.server
        connection = psycopg2.connect(
            host=server.host, port=server.port, user='saas_tenant', dbname='postgres',
            password=world.stack.secrets['TENANT_DB_PASSWORD'], connect_timeout=10)
        connection.autocommit = True
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def drop():
        """Once nobody looks into it: the clean-up may be about to find that it is not ours. A server of 19.0 that came by keeps
        its idle session for longer than that.
        """
        end = time.monotonic() + 20
        while world.databases().get(name, '') is None:
            try:
                execute(f'DROP DATABASE IF EXISTS "{name}"{" WITH (FORCE)" * (time.monotonic() > end)}')
            except psycopg2.errors.ObjectInUse:
                time.sleep(0.1)
    execute(f'CREATE DATABASE "{name}"')
    try:
        yield drop
    finally:
        drop()
