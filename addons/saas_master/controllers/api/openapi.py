"""The OpenAPI 3.1 document, made of the registry and of the schemas that check requests and shape answers."""
import re

from pydantic.json_schema import models_json_schema

from .dispatcher import NO_BODY, NO_CONTENT
from .errors import CODES
from .examples import EXAMPLES
from .registry import installed
from .schemas import PATH_TEXTS, PATHS, Error
from .texts import _lt, translate

REF = '#/components/schemas/{model}'
TITLE = _lt('SaaS control plane')
ABOUT = _lt('Tenants, their operations, plans and settings. Bodies and answers are JSON in UTF-8, times are in UTC.')
TAGS = {
    'auth': _lt('Log-in and identity'), 'tenants': _lt('Tenants'), 'operations': _lt('Operations'),
    'provisioning': _lt('Provisioning by programs'), 'plans': _lt('Plans'), 'settings': _lt('Settings'),
    'about': _lt('About this interface'),
}
SECURITY = {
    'session': {'type': 'apiKey', 'in': 'cookie', 'name': 'session_id', 'description': _lt('Set by /api/auth/login.')},
    'apiKey': {'type': 'apiKey', 'in': 'header', 'name': 'X-API-KEY', 'description': _lt('An API key made in the backend.')},
    'bearer': {'type': 'http', 'scheme': 'bearer', 'description': _lt('The same API key.')},
}
REQUIRED = {'session': ['session'], 'key': ['apiKey', 'bearer'], 'any': ['session', 'apiKey', 'bearer'], 'none': []}
HEADERS = {
    429: {'Retry-After': {'description': _lt('Seconds to wait.'), 'schema': {'type': 'integer', 'minimum': 1}}},
    401: {'WWW-Authenticate': {'schema': {'type': 'string'}}},
}
LOCATIONS = {status: {'Location': {'description': text, 'schema': {'type': 'string'}}} for status, text in (
    (201, _lt('Address of what was made.')), (202, _lt('Address of the operation.')))}
WORDS = ('description', 'summary', 'title')


def document(env, lang):
    """The whole document for the addons of this database, in the language of ``lang``."""
    specs = ordered(env)
    modules = tuple(dict.fromkeys(['saas_master', *(spec.module for spec in specs)]))
    names, schemas = _schemas(specs)
    paths = {}
    for spec in specs:
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec, names)
    tags = [{'name': tag, 'description': TAGS.get(tag, tag)} for tag in dict.fromkeys(spec.tag for spec in specs)]
    return _translated({
        'openapi': '3.1.0',
        'info': {'title': TITLE, 'version': '1.0.0', 'description': ABOUT},
        'servers': [{'url': '/'}], 'tags': tags, 'paths': paths,
        'components': {'schemas': schemas, 'securitySchemes': SECURITY},
    }, lang, modules)


def ordered(env):
    """Endpoints in the order of TAGS, those of other addons after them; as declared within a tag."""
    places = list(TAGS)
    return sorted(installed(env), key=lambda spec: places.index(spec.tag) if spec.tag in places else len(places))


def _schemas(specs):
    """({schema: its $ref}, definitions): bodies as they are read, answers as they are written."""
    bodies = [(spec.body, 'validation') for spec in specs if spec.body]
    answers = [(schema, 'serialization') for spec in specs for schema in spec.answers.values() if schema]
    asked = list(dict.fromkeys([*bodies, *answers, (Error, 'serialization')]))
    references, found = models_json_schema(asked, ref_template=REF)
    return {schema: reference for (schema, _mode), reference in references.items()}, _untitled(found['$defs'])


def _operation(spec, names):
    described = {'operationId': spec.name, 'tags': [spec.tag], 'summary': spec.summary}
    if spec.description:
        described['description'] = spec.description
    if spec.body:
        content = {'schema': names[spec.body]}
        if spec.body.__name__ in EXAMPLES:
            content['example'] = EXAMPLES[spec.body.__name__]
        described['requestBody'] = {'required': True, 'content': {'application/json': content}}
    elif spec.changes:
        described['requestBody'] = {'required': False, 'description': NO_BODY, 'content': {
            'application/json': {'schema': {'type': 'object', 'additionalProperties': False}}}}
    parameters = parameters_of(spec)
    return {**described, **({'parameters': parameters} if parameters else {}), 'responses': _responses(spec, names),
            'security': [{name: []} for name in REQUIRED[spec.who]]}


def parameters_of(spec):
    path = [{'name': name, 'in': 'path', 'required': True, 'description': PATH_TEXTS.get(name, name),
             'schema': _path_schema(name)} for name in spec.path_names]
    schema = _untitled(spec.query.model_json_schema())
    query = [{'name': name, 'in': 'query', 'required': name in schema.get('required', ()),
              **({'description': entry['description']} if 'description' in entry else {}),
              'schema': _simple({key: value for key, value in entry.items() if key != 'description'})}
             for name, entry in schema.get('properties', {}).items()]
    key = [{'name': 'Idempotency-Key', 'in': 'header', 'required': False, 'description': IDEMPOTENCY,
            'schema': {'type': 'string', 'minLength': 1, 'maxLength': 255, 'pattern': '^[!-~]{1,255}$'}}]
    return path + query + (key if spec.idempotent else [])


IDEMPOTENCY = _lt('Chosen by the caller for one order: the same request with the same key is done once and answered the '
                  'same again, for seven days.')


def _path_schema(name):
    if name == 'id':
        return {'type': 'integer', 'minimum': 1, 'maximum': 999_999_999}
    return {'type': 'string', 'pattern': f'^{PATHS[name].pattern}$'} if name in PATHS else {'type': 'string', 'minLength': 1}


def _simple(schema):
    """A query has no null: what may be left out is just optional."""
    kinds = [entry for entry in schema.pop('anyOf', []) if entry != {'type': 'null'}]
    if schema.get('default', ...) in (None, ''):
        schema.pop('default')
    return {**(kinds[0] if kinds else {}), **schema}


def _responses(spec, names):
    answers = {}
    for status, schema in spec.answers.items():
        content = {spec.content_type: {'schema': names[schema] if schema else {'type': _raw_type(spec)}}}
        if schema and schema.__name__ in EXAMPLES:
            content[spec.content_type]['example'] = EXAMPLES[schema.__name__]
        answers[str(status)] = {'description': SUCCESS if status < 400 else NOT_DONE,
                                **({'content': content} if status != NO_CONTENT else {}),
                                **({'headers': LOCATIONS[status]} if status in LOCATIONS else {})}
    for status, codes in errors_of(spec).items():
        content = {'schema': names[Error], 'examples': {
            code: {'value': {'error': {'code': code, 'message': CODES[code][1], 'details': {}}}} for code in codes}}
        if str(status) in answers:
            content = _either(answers[str(status)]['content'][spec.content_type], content)
        answers[str(status)] = {
            'description': ', '.join(codes),
            **({'headers': HEADERS[status]} if status in HEADERS else {}), 'content': {'application/json': content}}
    return answers


def _either(answer, error):
    """A status that is an answer of the endpoint's own as well as that of errors."""
    own = {'answer': {'value': answer['example']}} if 'example' in answer else {}
    return {'schema': {'anyOf': [answer['schema'], error['schema']]}, 'examples': {**own, **error['examples']}}


SUCCESS, NOT_DONE = _lt('Success'), _lt('Not done')


def _raw_type(spec):
    return 'object' if spec.content_type == 'application/json' else 'string'


def errors_of(spec):
    """{status: [codes]} in the order of the statuses."""
    found = {}
    for code in sorted(spec.error_codes(), key=lambda code: CODES[code][0]):
        found.setdefault(CODES[code][0], []).append(code)
    return found


def _untitled(schema):
    """Without the titles that pydantic makes of names."""
    if isinstance(schema, dict):
        return {key: _untitled(value) for key, value in schema.items() if not (key == 'title' and isinstance(value, str))}
    return [_untitled(item) for item in schema] if isinstance(schema, list) else schema


def _translated(node, lang, modules):
    if isinstance(node, dict):
        return {key: _text(value, lang, modules) if key in WORDS and isinstance(value, str)
                else _translated(value, lang, modules) for key, value in node.items()}
    return [_translated(item, lang, modules) for item in node] if isinstance(node, list) else node


def _text(source, lang, modules):
    return translate(re.sub(r'\s*\n\s*', ' ', source), lang, modules)
