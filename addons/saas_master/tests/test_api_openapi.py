import json
import re
from pathlib import Path
from unittest.mock import patch

from lxml import html

from odoo.tests import tagged
from odoo.tests.common import BaseCase

from odoo.addons.saas_master.controllers.api import docs_page, openapi, registry
from odoo.addons.saas_master.controllers.api.endpoint import endpoint
from odoo.addons.saas_master.controllers.api.errors import CODES
from odoo.addons.saas_master.controllers.api.schemas import Out, Query

from .api_common import ApiCase

GUIDE = Path(__file__).resolve().parents[3] / 'docs/api.md'
METHODS = ('get', 'post', 'patch', 'delete', 'put')


class Planet(Out):
    name: str


class PlanetQuery(Query):
    near: str | None = None


class TestOpenapi(ApiCase):

    def _document(self, **headers):
        return self._get('/api/openapi.json', headers=headers).json()

    def _operations(self, document):
        return {(method, path): entry[method] for path,
                entry in document['paths'].items() for method in METHODS if method in entry}

    def test_it_describes_every_endpoint(self):
        document = self._document()
        self.assertEqual(document['openapi'], '3.1.0')
        found = {(method.upper(), path) for method, path in self._operations(document)}
        self.assertEqual(found, {(spec.method, spec.path) for spec in registry.installed(self.env)})
        for path in ('/api/auth/login', '/api/tenants/{name}', '/api/provisioning/tenant', '/api/settings/odoo/current'):
            self.assertIn(path, document['paths'])

    def test_names_are_unique_and_references_lead_somewhere(self):
        document = self._document()
        names = [entry['operationId'] for entry in self._operations(document).values()]
        self.assertEqual(len(names), len(set(names)))
        for reference in set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document))):
            self.assertIn(reference, document['components']['schemas'])
        for method, path in self._operations(document):
            parameters = self._operations(document)[method, path].get('parameters', ())
            self.assertEqual(set(re.findall(r'{(\w+)}', path)), {entry['name'] for entry in parameters if entry['in'] == 'path'})

    def test_errors_are_documented(self):
        for (method, path), operation in self._operations(self._document()).items():
            statuses = set(operation['responses'])
            self.assertLessEqual({'422', '429', '500'}, statuses, path)
            self.assertNotIn('default', statuses, 'which would allow anything')
            if operation['security']:
                self.assertIn('401', statuses, path)
            if method != 'get':
                self.assertLessEqual({'400', '403', '413', '415'}, statuses, path)
            if '{' in path:
                self.assertIn('404', statuses, path)

    def test_examples_fit_their_schemas(self):
        """By the very schemas that check requests and answers."""
        checked = set()
        for spec in registry.installed(self.env):
            for schema in filter(None, (spec.body, *spec.answers.values())):
                example = openapi.EXAMPLES.get(schema.__name__)
                if example:
                    schema.model_validate_json(json.dumps(example))
                    checked.add(schema.__name__)
        self.assertEqual(checked, set(openapi.EXAMPLES))

    def test_another_addon_only_declares(self):
        """The seam: an endpoint elsewhere is served, documented and on the page; nothing here knows it."""
        with patch.dict(registry.REGISTRY):
            @endpoint('GET', '/api/planets/{name}', tag='planets', summary='List planets', query=PlanetQuery,
                      answers={200: Planet})
            def list_planets(self, call, name):
                return {'name': name}
            # declared by this addon's tests; by another addon the module is that one's name
            spec = registry.REGISTRY['GET', '/api/planets/{name}']
            self.assertEqual(spec.module, 'saas_master')
            described = openapi.document(self.env, 'en_US')
            operation = described['paths']['/api/planets/{name}']['get']
            self.assertEqual([entry['name'] for entry in operation['parameters']], ['name', 'near'])
            self.assertIn('Planet', described['components']['schemas'])
            self.assertIn({'name': 'planets', 'description': 'planets'}, described['tags'])
            self.assertIn('List planets', docs_page.render(self.env, 'en_US'))
            self.assertEqual(list_planets.original_routing['routes'], ['/api/planets/<string:name>'])
            with patch.object(self.env.registry, '_init_modules', {'base'}):
                self.assertFalse(openapi.document(self.env, 'en_US')['paths'], 'not installed, not there')

    def test_the_page(self):
        answer = self._get('/api/docs')
        self.assertEqual(answer.headers['Content-Type'], 'text/html; charset=utf-8')
        page = html.fromstring(answer.text)
        self.assertFalse(page.xpath('//script | //style | //@style | //@onclick'))
        addresses = page.xpath('//@src | //link/@href | //a/@href')
        self.assertFalse([address for address in addresses if not address.startswith(('/saas_master/static/', '/api/', '#'))])
        ids = page.xpath('//@id')
        self.assertEqual(len(ids), len(set(ids)))
        for target in page.xpath('//a[starts-with(@href, "#")]/@href'):
            self.assertIn(target[1:], ids)
        for code in CODES:
            self.assertIn(code, answer.text)
        for spec in registry.installed(self.env):
            self.assertTrue(page.xpath(f'//article[@id="endpoint-{spec.name}"]'), spec.name)
        self.assertEqual(page.get('lang'), 'en')

    def test_both_in_the_callers_language(self):
        self.env['res.lang']._activate_lang('es_ES')
        texts = {('saas_master', 'es_ES'): {'List tenants': 'Listar tenants', 'Session': 'Sesión'}}
        with patch.object(openapi.translate.__globals__['code_translations'], 'python_translations', texts):
            document = self._document(**{'Accept-Language': 'es'})
            self.assertEqual(document['paths']['/api/tenants']['get']['summary'], 'Listar tenants')
            page = self._get('/api/docs', headers={'Accept-Language': 'es'})
            self.assertIn('Listar tenants', page.text)
            self.assertEqual(html.fromstring(page.text).get('lang'), 'es')
            self.assertEqual(page.headers['Vary'], 'Accept-Language')

    def test_json_is_marked_and_escaped(self):
        marked = docs_page.highlight('{"a<b": "\\"x", "n": -1.5, "t": true}')
        self.assertEqual(
            marked, '{<span class="json-name">&#34;a&lt;b&#34;</span>: <span class="json-text">&#34;\\&#34;x&#34;</span>, '
            '<span class="json-name">&#34;n&#34;</span>: <span class="json-number">-1.5</span>, '
            '<span class="json-name">&#34;t&#34;</span>: <span class="json-word">true</span>}')


@tagged('post_install', '-at_install')
class TestGuide(BaseCase):

    def test_its_addresses_exist(self):
        text = GUIDE.read_text()
        asked = re.findall(r'curl ([^\n]*?)"\$MASTER(/api[^"?]*)', text)
        self.assertGreater(len(asked), 15)
        for options, path in asked:
            method = re.search(r'-X (\w+)', options)
            known = [spec for spec in registry.REGISTRY.values()
                     if spec.method == (method[1] if method else 'GET') and re.fullmatch(re.sub(r'{\w+}', '[^/]+', spec.path),
                                                                                         path)]
            self.assertTrue(known, (options, path))

    def test_its_errors_are_all(self):
        listed = re.findall(r'^\| (\d{3}) \| `(\w+)`', GUIDE.read_text(), re.M)
        self.assertEqual({(code, int(status)) for status, code in listed},
                         {(code, status) for code, (status, _text) in CODES.items()})
