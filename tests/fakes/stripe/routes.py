"""Which function answers what: of the API, and of hosted pages.

::

    @route('POST', '/v1/products/{key}')            # the API: gives an object, or a page of a list
    def change_product(call, key):
        values = call.given(active=call.flag, name=call.text)
        return call.world.change('products', key, values, event='product.updated')

    @route('GET', '/v1/invoices')
    def list_invoices(call):
        rows = call.world.all('invoices', **call.given(customer=call.text, status=call.text))
        return answers.page(call, lists.within(call, rows))     # created[gte]=…

    @hosted('GET', '/c/pay/{key}')                  # a page of a browser: gives HTML, Html, Redirect or File
    def pay_page(visit, key):
        session = visit.world.need('checkout_sessions', key)
        return f'<html lang="{visit.language}">…<form method="post">…'

    @hosted('POST', '/c/pay/{key}')
    def pay(visit, key):
        number = visit.form.get('number', '')       # visit.query likewise: plain dictionaries of texts
        return Redirect(visit.world.url(f'/c/pay/{key}/3ds'))

A path without a name in braces wins over one with. Each runs in one transaction; an ``ApiError`` leaves nothing of it
behind, unless it ``keeps`` (a declined card). Every module of this package is loaded: a file of handlers need not be named.
"""
import importlib
import pkgutil
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from . import errors, expand, forms

API, PAGES = [], []
LANGUAGES = ('en', 'es')


def route(method, path):
    return _registered(API, method, path)


def hosted(method, path):
    return _registered(PAGES, method, path)


def _registered(rows, method, path):
    pattern = re.compile(re.sub(r'\{(\w+)\}', r'(?P<\1>[^/]+)', path))

    def keep(function):
        rows.append((method, pattern, function))
        return function
    return keep


def load():
    package = __name__.rpartition('.')[0]
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if not module.name.startswith('__'):
            importlib.import_module(f'{package}.{module.name}')


def found(rows, method, path):
    """(function, names) of the most particular path that fits; None."""
    fitting = [(pattern.groups, function, match) for other, pattern, function in rows
               if other == method and (match := pattern.fullmatch(path))]
    if not fitting:
        return None
    _groups, function, match = min(fitting, key=lambda row: row[0])
    return function, {name: unquote(value) for name, value in match.groupdict().items()}


class Call(forms.Params):
    """A call of the API, as handlers see it: its parameters, and around them the world."""

    def __init__(self, world, method, path, params):
        super().__init__(params)
        self.world, self.method, self.path = world, method, path

    def answered(self):
        """What is to be said; the transaction is around it."""
        fit = found(API, self.method, self.path)
        if fit is None:
            raise errors.invalid(f'Unrecognized request URL ({self.method}: {self.path}). Please see '
                                 'https://docs.stripe.com or we can help at https://support.stripe.com/.', status=404)
        function, names = fit
        expansions = self.texts('expand')
        answer = function(self, **names)
        self.check()
        return expand.expanded(self.world, answer, expansions)


@dataclass
class Visit:
    """A request of a browser for a hosted page."""

    world: object
    method: str
    path: str
    query: dict = field(default_factory=dict)
    form: dict = field(default_factory=dict)
    headers: object = None

    @property
    def language(self):
        """Of those a page has, what the browser likes best: en or es. A session's own locale goes before it."""
        header = (self.headers or {}).get('Accept-Language', '')
        wanted = [part.partition(';')[0].strip()[:2].lower() for part in header.split(',')]
        return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])
