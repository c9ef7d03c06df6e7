"""The listener: API, hosted pages, admin endpoint."""
import html
import traceback
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.server import Handler

from . import admin, answers, errors, routes

ERROR_PAGE = '<!DOCTYPE html><html><head><title>Sandbox</title></head><body><h1>Sandbox</h1><p>{}</p></body></html>'
PAGE_HEADERS = {'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', 'X-Frame-Options': 'DENY',
                'Referrer-Policy': 'no-referrer'}


class StripeHandler(Handler):

    server_version = 'nginx'

    def _answer(self):
        if self.path.startswith(admin.PREFIX):
            return self.administer(self.server.values['admin'])
        if not self.path.startswith('/v1/'):
            return self._page()
        api = self.server.values['api']
        status, headers, body, fault = api.answer(self.command, self.path, self.headers, self.data())
        return self.reply_with(fault, status, {'Content-Type': 'application/json', **headers}, body)

    do_GET = do_POST = do_DELETE = do_HEAD = _answer

    # -- hosted pages -------------------------------------------------------------------------------------------------
    def _page(self):
        world, target = self.server.values['api'].world, urlsplit(self.path)
        method = 'GET' if self.command == 'HEAD' else self.command
        form = dict(parse_qsl(self.data().decode(errors='replace'), keep_blank_values=True)) if method == 'POST' else {}
        visit = routes.Visit(world, method, target.path, dict(parse_qsl(target.query)), form, self.headers)
        self._reply_page(page_of(visit))

    def _reply_page(self, page):
        if isinstance(page, answers.Redirect):
            return self.reply(303, {'Location': page.url, 'Cache-Control': 'no-store'})
        if isinstance(page, answers.File):
            name = {'Content-Disposition': f'inline; filename="{page.name}"'} if page.name else {}
            return self.reply(200, {'Content-Type': page.content_type, 'Cache-Control': 'no-store', **name}, page.body)
        return self.reply(page.status, {**PAGE_HEADERS, **page.headers}, page.text.encode())


def page_of(visit):
    """What the handler of the page says, as one of the kinds of answer."""
    fit = routes.found(routes.PAGES, visit.method, visit.path)
    if fit is None:
        return answers.Html(ERROR_PAGE.format('There is nothing here.'), 404)
    function, names = fit
    kept = None
    try:
        with visit.world.transaction():
            try:
                page = function(visit, **names)
            except errors.ApiError as error:
                if not error.keeps:
                    raise
                kept, page = error, None
        if kept:
            raise kept
    except errors.ApiError as error:
        return answers.Html(ERROR_PAGE.format(html.escape(error.message)), error.status)
    except Exception as error:      # a page that says so is easier to find than a connection that closes
        traceback.print_exc()
        return answers.Html(ERROR_PAGE.format(f'The sandbox itself fails: {type(error).__name__}'), 500)
    return answers.Html(page) if isinstance(page, str) else page
