"""A real browser in front of the running stack. Any error on its console fails the test that caused it.

``SAAS_CHROMIUM`` names the browser's executable (default: ``chromium`` on PATH), ``SAAS_URL`` the master's address
(default: the stack's), ``SAAS_SCREENSHOTS=1`` has pictures written to ``docs/img``.
"""
import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).resolve().parents[2] / 'docs/img'
SCREENS = {'desktop': {'width': 1280, 'height': 800}, 'phone': {'width': 390, 'height': 844}}
OURS = ('localhost', '*.localhost', '127.0.0.1')
LIMITS = {'saas_master.signup_per_hour': '0', 'saas_master.name_checks_per_minute': '0'}


@pytest.fixture(scope='session')
def address(world):
    return (os.environ.get('SAAS_URL') or world.url).rstrip('/')


@pytest.fixture(scope='session', autouse=True)
def no_limits(world):
    """All visitors of these tests come from one address."""
    staff = world.staff()
    before = {name: staff.call('ir.config_parameter', 'get_param', name) for name in LIMITS}
    for name, value in LIMITS.items():
        staff.call('ir.config_parameter', 'set_param', name, value)
    yield
    for name, value in before.items():
        staff.call('ir.config_parameter', 'set_param', name, value)


@pytest.fixture(scope='session')
def chromium(address):
    executable = os.environ.get('SAAS_CHROMIUM') or shutil.which('chromium')
    if not executable:
        pytest.fail('No browser: install Chromium, or name its executable in SAAS_CHROMIUM.')
    # Inside a container there is no user namespace for its sandbox; it opens our own pages only, and finds no others.
    # (Playwright's own way to answer for strangers turns the browser's cache off, and the web client is large.)
    ours = ' , '.join(f'EXCLUDE {host}' for host in (*OURS, urlsplit(address).hostname))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=['--no-sandbox', f'--host-resolver-rules=MAP * ~NOTFOUND , {ours}'])
        yield browser
        browser.close()


class Visit:
    """One visitor's browser window."""

    def __init__(self, chromium, address, screen='desktop', lang='en', scripts=True):
        self.address, self.screen, self.lang = address, screen, lang
        self.errors, self.expected = [], ()
        self.context = chromium.new_context(
            viewport=SCREENS[screen], locale={'en': 'en-US', 'es': 'es-ES'}[lang], java_script_enabled=scripts)
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.page.on('console', self._note_message)
        self.page.on('pageerror', lambda error: self._note(str(error)))
        self.page.on('response', lambda response: response.status >= 500 and self._note(f'{response.status} {response.url}'))

    def _is_ours(self, url):
        host = urlsplit(url).hostname or ''
        return host in (urlsplit(self.address).hostname, '127.0.0.1') or host.endswith('localhost') or not host

    def _note_message(self, message):
        """What a stranger does not answer is no error: the theme of 19.0 asks a service for fonts."""
        if message.type == 'error' and self._is_ours(message.location.get('url', '')):
            self._note(message.text)

    def _note(self, text):
        if not any(part in text for part in self.expected):
            self.errors.append(f'{self.page.url}: {text}')

    def open(self, path):
        prefix = '/es' if self.lang == 'es' else ''
        return self.page.goto(path if '://' in path else f'{self.address}{prefix}{path}')

    def look(self, name):
        """What must hold on every page: nothing is wider than the screen. Takes the picture that was asked for."""
        width = SCREENS[self.screen]['width']
        self.page.wait_for_load_state()     # with its style sheets
        assert self.page.evaluate('document.documentElement.scrollWidth') <= width, f'{name} is wider than the screen'
        assert self.page.evaluate("document.getElementById('wrapwrap').scrollWidth") <= width, f'{name} is too wide'
        if os.environ.get('SAAS_SCREENSHOTS') == '1':
            self._take(name, width)

    def _take(self, name, width):
        """The page without its footer, whole: Odoo scrolls inside a window-high element."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        bottom = self.page.evaluate("""() => {
            document.getElementById('wrapwrap').scrollTo(0, 0);
            return document.getElementById('wrap').getBoundingClientRect().bottom;
        }""")
        self.page.set_viewport_size({'width': width, 'height': max(int(bottom), 400)})
        self.page.wait_for_timeout(300)     # images that load when they come into view
        self.page.screenshot(path=PICTURES / f'{name}-{self.lang}-{self.screen}.png')
        self.page.set_viewport_size(SCREENS[self.screen])

    def close(self):
        self.context.close()
        assert not self.errors, '\n'.join(self.errors)


@pytest.fixture
def visit(chromium, address):
    """``visit(screen=…, lang=…, scripts=…)`` opens a window; console errors are looked at when the test is over."""
    windows = []

    def open_window(**options):
        windows.append(Visit(chromium, address, **options))
        return windows[-1]
    yield open_window
    for window in windows:
        window.close()
