"""Runs schemathesis, in the tools' environment, against the interface that is up; reads what it did."""
import json
import secrets
import subprocess
from collections import Counter, defaultdict

from ..client import Visitor
from ..stack import Settings, venvs
from ..stack.processes import base_environment

CHECKS = ('not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance',
          'negative_data_rejection')
SEED, EXAMPLES, SECONDS = 20301, 15, 420
METHODS = ('get', 'post', 'patch', 'delete')
NOWHERE = 'https://hooks.invalid/fuzz'      # has no address, so nothing is ever sent
FRESH = 'saas-fuzz-fresh-name'              # in the document; another one in each run, since a name can be added once


def document(world, plan, tenant, company, domain):
    """The interface's own document, with examples that exist here; what would lead outside the sandbox is left no choice."""
    found = Visitor(world.url).page('/api/openapi.json').json()
    schemas = found['components']['schemas']
    schemas['NewTenant']['properties']['plan']['enum'] = [plan]
    schemas['TenantChange']['properties']['plan']['enum'] = [plan]
    schemas['NewProvision']['properties']['plan']['anyOf'][0]['enum'] = [plan]
    schemas['SettingsChange']['properties'].pop('api')      # a limit of 1 would end the fuzzing
    _only(schemas['NewDomain'], 'customer_id', company)
    _only(schemas['NewDomain'], 'tenant_deployment_id', tenant.id)
    _only(schemas['DomainChange'], 'tenant_deployment_id', tenant.id)
    for name in ('NewWebhook', 'WebhookChange'):
        _only(schemas[name], 'url', NOWHERE)
    values = {'name': tenant.name, 'id': tenant.operation, 'confirm': tenant.name, 'domain': domain, 'customer_id': company}
    for operations in found['paths'].values():
        for method, operation in operations.items():
            _example(operation, plan, values if method != 'delete' else {'name': tenant.name, 'confirm': tenant.name})
            _example_body(operation, {'customer_id': company, 'tenant_deployment_id': tenant.id, 'url': NOWHERE,
                                      'external_domain': f'{FRESH}.{domain}'})
    return found


def _only(schema, name, value):
    schema['properties'][name] = {'enum': [value]}


def _example_body(operation, values):
    example = operation.get('requestBody', {}).get('content', {}).get('application/json', {}).get('example', {})
    example.update((name, value) for name, value in values.items() if name in example)


def _example(operation, plan, values):
    for parameter in operation.get('parameters', ()):
        if parameter['name'] in values:
            parameter['example'] = values[parameter['name']]
    content = operation.get('requestBody', {}).get('content', {}).get('application/json', {})
    if 'plan' in content.get('example', {}):
        content['example']['plan'] = plan


def operations(document):
    """{'GET /api/plans': operationId}"""
    return {f'{method.upper()} {path}': entry[method]['operationId']
            for path, entry in document['paths'].items() for method in METHODS if method in entry}


class Run:
    """One identity's requests: ``answers`` counts statuses by operationId."""

    def __init__(self, world, folder, document, headers, leave_out=()):
        source, events = folder / 'openapi.json', folder / 'events.ndjson'
        source.write_text(json.dumps(document).replace(FRESH, f'shop-{secrets.token_hex(3)}'))
        python = venvs.ensure(Settings.from_environment(), 'dev')
        # one worker: in CPython 3.11 two threads that compile at once break each other (python/cpython#106905)
        argv = [python, '-m', 'schemathesis.cli', 'run', source, '--url', world.url, '--checks', ','.join(CHECKS),
                '--phases', 'examples,coverage,fuzzing', '--max-examples', EXAMPLES, '--seed', SEED,
                '--generation-database', 'none', '--generation-with-security-parameters', 'false',
                '--suppress-health-check', 'all', '--continue-on-failure', '--warnings', 'off', '--no-color', '--workers', 1,
                '--report', 'ndjson', '--report-ndjson-path', events]
        argv += [word for name, value in headers.items() for word in ('-H', f'{name}: {value}')]
        argv += [word for name in leave_out for word in ('--exclude-operation-id', name)]
        self.done = subprocess.run([str(word) for word in argv], cwd=folder, timeout=SECONDS, text=True, capture_output=True,
                                   env={**base_environment(), 'NO_PROXY': '*', 'no_proxy': '*'})
        self.answers = _read(events, operations(document)) if events.exists() else {}

    @property
    def output(self):
        return (self.done.stdout + self.done.stderr)[-8000:]


def _read(events, names):
    answers = defaultdict(Counter)
    for line in events.read_text().splitlines():
        scenario = json.loads(line).get('ScenarioFinished')
        for exchange in (scenario or {}).get('recorder', {}).get('interactions', {}).values():
            status = (exchange['response'] or {}).get('status_code')
            answers[names[scenario['recorder']['label']]][status] += 1
    return answers
