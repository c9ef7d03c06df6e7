"""/api/openapi.json for programs, /api/docs for people: the same registry, read twice."""
from odoo import http

from . import docs_page, openapi
from .dispatcher import Answer
from .endpoint import endpoint
from .texts import _lt

TAG = 'about'


class DocsApi(http.Controller):

    @endpoint('GET', '/api/openapi.json', tag=TAG, summary=_lt('Read the OpenAPI document'), who='none', answers={200: None})
    def openapi(self, call):
        return Answer(openapi.document(call.env, call.lang), headers=KEPT)

    @endpoint('GET', '/api/docs', tag=TAG, summary=_lt('Read this page'), who='none', answers={200: None},
              content_type='text/html; charset=utf-8')
    def docs(self, call):
        return Answer(docs_page.render(call.env, call.lang), headers=KEPT)


KEPT = {'Cache-Control': 'public, max-age=300', 'Vary': 'Accept-Language'}
