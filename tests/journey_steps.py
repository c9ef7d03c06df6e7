"""The main job, step by step, as a visitor and then staff do it. Every step checks what it got."""
import time
from dataclasses import dataclass

from .client import Visitor, Wrong, authenticate, excerpt, expect, until_status, wait_for_link


@dataclass
class Order:
    name: str
    company: str
    email: str
    person: str = 'Ann Example'
    plan: str = 'basic'
    lang: str = 'en_US'


def read_plans(world):
    page = Visitor(world.url).page('/saas')
    missing = [word for word in ('Basic', 'Enterprise', '/saas/signup') if word not in page.text]
    if missing:
        raise Wrong(f'The plans page does not show {missing}: {excerpt(page.text)}')


def sign_up(world, visitor, order):
    """Fill in the form; nothing may exist of the tenant afterwards."""
    form = visitor.page(f'/saas/signup?plan={order.plan}')
    check = visitor.page(f'/saas/signup/check?name={order.name}').json()
    if not check['available']:
        raise Wrong(f'{order.name} is not available: {check}')
    sent = visitor.send_form(form, company_name=order.company, contact_name=order.person, email=order.email,
                             name=order.name, lang=order.lang, plan=order.plan)
    if order.email not in sent.text:
        raise Wrong(f'No word of the mail that was sent: {excerpt(sent.text)}')
    if order.name in world.databases():
        raise Wrong('The tenant was made before the address was confirmed.')


def confirmation_page(world, visitor, order):
    """Follow the link of the confirmation mail; return the page with the button."""
    return visitor.page(wait_for_link(world.stack, order.email, '/saas/confirm/'))


def confirm(visitor, page):
    """Press the button; return the address of the progress page."""
    progress = visitor.send_form(page)
    if '/saas/progress/' not in progress.url:
        raise Wrong(f'The confirmation ended at {progress.url}: {excerpt(progress.text)}')
    return progress.url


def watch(visitor, progress_url, seconds=60, through=('working',)):
    """Poll as the page's script does until the tenant is ready; return its address. ``through``: phases on the way."""
    deadline, status = time.monotonic() + seconds, {}
    while time.monotonic() < deadline:
        status = expect(visitor.get(f'{progress_url}/status'), 200).json()
        if status['phase'] == 'ready':
            return status['url']
        if status['phase'] not in through:
            break
        time.sleep(0.1)
    raise Wrong(f'The progress page ended with {status}.')


def login_page(world, name, seconds=60, **options):
    response = until_status(Visitor(), world.tenant_url(name) + '/web/login', 200, seconds, **options)
    if 'name="login"' not in response.text:
        raise Wrong(f'This is no login page: {excerpt(response.text)}')
    return response


def set_password(world, visitor, order, password):
    """Follow the link of the welcome mail to the tenant and choose a password."""
    link = wait_for_link(world.stack, order.email, '/web/reset_password')
    if not link.startswith(world.tenant_url(order.name) + '/'):
        raise Wrong(f'The link leads to {link}, not to the tenant.')
    page = visitor.page(link)
    visitor.send_form(page, password=password, confirm_password=password)


def log_in(world, order, password, database=None):
    """Log in to the tenant as its administrator; return the visitor inside."""
    visitor = Visitor(world.tenant_url(order.name))
    inside = visitor.send_form(visitor.page('/web/login'), login=order.email, password=password)
    info = expect(visitor.post('/web/session/get_session_info', json={'jsonrpc': '2.0', 'params': {}}), 200).json()
    result = info.get('result') or {}
    if result.get('db') != (database or order.name) or not result.get('is_admin'):
        raise Wrong(f'Logged in as {result.get("username")} in {result.get("db")}: {excerpt(inside.text)}')
    return visitor


def nobody_else_gets_in(world, name):
    """The template's administrator and the usual passwords open nothing."""
    for login, password in (('admin', 'admin'), ('admin', ''), ('admin', 'False'), ('__system__', '')):
        if authenticate(world.tenant_server, name, login, password):
            raise Wrong(f'{login} with the password "{password}" opens the tenant {name}.')


def closed_page(world, name):
    page = until_status(Visitor(), world.tenant_url(name) + '/web/login', 503)
    if 'Retry-After' not in page.headers or 'name="login"' in page.text:
        raise Wrong(f'The page of a suspended tenant is {excerpt(page.text)}')
    return page


def gone(world, name):
    """Nothing is left of the tenant: no address, database or files, by its name or by its mark."""
    until_status(Visitor(), world.tenant_url(name) + '/web/login', 404)
    left = {name} & world.databases().keys() | {name} & world.files()
    if left:
        raise Wrong(f'Still there after the deletion: {left}')
