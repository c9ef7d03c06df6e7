"""Declaring an endpoint: one decorator gives its route, its checks and its place in the OpenAPI document.

Other addons declare theirs the same way, in controllers of their own; one is served and documented where its addon
is installed. Answers and errors: dispatcher.py.
"""
import functools
import re

from odoo import http

from .dispatcher import serve
from .reading import BODY_LIMIT
from .registry import REGISTRY, Endpoint


def endpoint(method, path, *, summary, tag, answers, description='', **options):
    """Make a controller's method an endpoint.

    It is called as ``method(self, call, **path)`` (``call``: dispatcher.Call) and returns what the usual answer's schema
    takes, or an ``Answer``. Texts are English, marked for translation with ``texts._lt``.
    """
    def decorate(act):
        module = act.__module__.split('.')[2]
        spec = Endpoint(method, path, act.__name__, module, summary, description, tag, answers, **options)
        REGISTRY[method, path] = spec

        @http.route(re.sub(r'{(\w+)}', r'<string:\1>', path), type='saas_rest', auth='none', methods=[method], csrf=False,
                    save_session=spec.saves_session, readonly=False, max_content_length=BODY_LIMIT)
        @functools.wraps(act)
        def handler(self, **path_values):
            return serve(spec, functools.partial(act, self), path_values)
        return handler
    return decorate
