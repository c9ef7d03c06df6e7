"""The readable page: what openapi.document() says, arranged for the eye. No script is needed to read it."""
import json
import re

from markupsafe import Markup

from . import openapi
from .errors import CODES, HINTS
from .examples import PATH_EXAMPLES
from .texts import _lt, translate

WHO = {
    'session': _lt('Session'), 'key': _lt('API key'), 'any': _lt('Session or API key'), 'none': _lt('Open to everybody')}
ROLES = {'manager': _lt('managers only'), 'staff': _lt('staff only')}
TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\b\d+(?:\.\d+)?\b)')


def render(env, lang):
    page = env['ir.qweb'].sudo().with_context(lang=lang)._render('saas_master.api_docs', _values(env, lang))
    return f'<!DOCTYPE html>\n{str(page).lstrip()}'


def _values(env, lang):
    document = openapi.document(env, lang)
    specs = openapi.ordered(env)
    base = env['ir.config_parameter'].sudo().get_param('web.base.url')
    return {
        'page_lang': lang[:2], 'document': document, 'base': base,
        'groups': [{'tag': tag, 'endpoints': [_endpoint(spec, document, base, lang) for spec in specs if spec.tag == tag['name']]}
                   for tag in document['tags']],
        'schemas': [_schema(name, schema) for name, schema in sorted(document['components']['schemas'].items())],
        'errors': [{'code': code, 'status': status, 'message': translate(message, lang),
                    'hint': code in HINTS and translate(HINTS[code], lang)} for code, (status, message) in CODES.items()],
        'highlight': highlight,
    }


def _endpoint(spec, document, base, lang):
    described = document['paths'][spec.path][spec.method.lower()]
    return {
        'id': f'endpoint-{spec.name}', 'method': spec.method, 'path': spec.path, 'summary': described['summary'],
        'description': described.get('description'), 'who': translate(WHO[spec.who], lang),
        'role': spec.role and translate(ROLES[spec.role], lang),
        'parameters': [{**parameter, 'type': type_of(parameter['schema'])} for parameter in described.get('parameters', ())],
        'body': _name(described.get('requestBody', {}).get('content', {}).get('application/json', {}).get('schema')),
        'curl': curl(spec, described, base), 'answers': _answers(spec, described),
        'errors': [(status, codes) for status, codes in openapi.errors_of(spec).items()],
    }


def _answers(spec, described):
    found = []
    for status in spec.answers:
        content = described['responses'][str(status)].get('content', {}).get(spec.content_type, {})
        example = content.get('example') or content.get('examples', {}).get('answer', {}).get('value')
        schema = content.get('schema', {})
        found.append({'status': status, 'schema': _name(schema.get('anyOf', [schema])[0]),
                      'example': example and json.dumps(example, indent=2, ensure_ascii=False)})
    return found


def curl(spec, described, base):
    """A command that can be pasted, with the values of the examples."""
    path = re.sub(r'{(\w+)}', lambda hole: PATH_EXAMPLES.get(hole[1], hole[1]), spec.path)
    if 'confirm' in spec.query.model_fields:
        path += f'?confirm={PATH_EXAMPLES["name"]}'
    lines = [f'curl {"" if spec.method == "GET" else f"-X {spec.method} "}"{base}{path}"']
    if spec.who == 'key':
        lines.append('-H "X-API-KEY: $API_KEY"')
    elif spec.who != 'none':
        lines.append('-b cookies.txt')
    if spec.saves_session:
        lines.append('-c cookies.txt')
    if spec.changes:
        lines.append('-H "Content-Type: application/json"')
    if spec.idempotent:
        lines.append('-H "Idempotency-Key: order-0001"')
    body = described.get('requestBody', {}).get('content', {}).get('application/json', {}).get('example')
    if body:
        lines.append(f"-d '{json.dumps(body, ensure_ascii=False)}'")
    return ' \\\n  '.join(lines)


def type_of(schema):
    """One line for what a value may be."""
    if '$ref' in schema:
        return _name(schema)
    kinds = schema.get('anyOf') or schema.get('oneOf')
    if kinds:
        return ' | '.join(type_of(kind) for kind in kinds)
    if 'enum' in schema or 'const' in schema:
        return ' | '.join(json.dumps(value) for value in schema.get('enum', [schema.get('const')]))
    if schema.get('type') == 'array':
        return f'[{type_of(schema.get("items", {}))}]'
    kind = schema.get('format') or schema.get('type', 'any')
    limits = [f'{sign} {schema[name]}' for name, sign in (('minimum', '≥'), ('maximum', '≤')) if name in schema]
    return ' '.join([kind, *limits])


def _schema(name, schema):
    required = schema.get('required', ())
    return {'name': name, 'description': schema.get('description'), 'fields': [
        {'name': field, 'type': type_of(entry), 'required': field in required, 'description': entry.get('description')}
        for field, entry in schema.get('properties', {}).items()]}


def _name(schema):
    return schema['$ref'].rpartition('/')[2] if schema and '$ref' in schema else None


def highlight(text):
    """JSON with its names, texts, numbers and words marked for the style sheet."""
    def mark(match):
        text, colon, word, digits = match.groups()
        kind = ('name' if colon else 'text') if text else 'word' if word else 'number'
        return Markup('<span class="{}">{}</span>{}').format(f'json-{kind}', text or word or digits, Markup(colon or ''))
    done, end = Markup(), 0
    for match in TOKEN.finditer(text):
        done += text[end:match.start()]
        done += mark(match)
        end = match.end()
    return done + text[end:]
