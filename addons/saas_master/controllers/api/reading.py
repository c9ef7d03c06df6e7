"""What a request brings: body and query, read strictly. Anything odd ends in an ApiError, nothing in a traceback."""
import json

from pydantic import ValidationError

from .errors import ApiError
from .texts import _lt, translate

BODY_LIMIT = 1 << 20        # bytes
DEPTH_LIMIT = 32
PROBLEMS = {                # type of a pydantic error: what the caller is told
    'missing': _lt('This is required.'),
    'extra_forbidden': _lt('Nothing of this name is known here.'),
    'string_type': _lt('This has to be a text.'),
    'string_too_short': _lt('At least {min_length} characters are needed.'),
    'string_too_long': _lt('At most {max_length} characters fit.'),
    'string_pattern_mismatch': _lt('This does not have the form {pattern}.'),
    'int_type': _lt('This has to be a whole number.'),
    'bool_type': _lt('This has to be true or false.'),
    'greater_than_equal': _lt('At least {ge} is needed.'),
    'less_than_equal': _lt('At most {le} is possible.'),
    'literal_error': _lt('Possible are: {expected}.'),
    'model_type': _lt('This has to be an object.'),
    'model_attributes_type': _lt('This has to be an object.'),
    'date_type': _lt('This has to be a date like 2030-12-31.'),
    'date_parsing': _lt('This has to be a date like 2030-12-31.'),
    'date_from_datetime_parsing': _lt('This has to be a date like 2030-12-31.'),
}


def read_body(httprequest):
    """The bytes of the body; never more than BODY_LIMIT is read."""
    length = httprequest.content_length
    if length is None and httprequest.headers.get('Transfer-Encoding'):
        raise ApiError('length_required')
    if (length or 0) > BODY_LIMIT:
        raise ApiError('too_large')
    return httprequest.get_data(cache=True)      # kept: Odoo repeats a request that met another transaction


def parse(raw, schema, lang):
    """``raw`` checked as JSON and then by ``schema``."""
    _check_json(raw)
    return _checked(lambda: schema.model_validate_json(raw), lang)


def parse_query(arguments, schema, lang):
    """The query's parameters by ``schema``; each may be given once."""
    twice = [name for name, values in arguments.lists() if len(values) > 1]
    if twice:
        raise invalid([(twice[0], 'given_twice', translate(_lt('This was given twice.'), lang))])
    values = arguments.to_dict()
    odd = next((name for name, value in values.items() if not _is_text(name) or not _is_text(value)), None)
    if odd is not None:
        raise invalid([('query', 'unreadable', translate(UNREADABLE, lang))])
    return _checked(lambda: schema.model_validate(values), lang)


def invalid(problems):
    """The answer to (field, code, message in the caller's language) of what is wrong."""
    return ApiError('validation_error', details=[
        {'field': field, 'code': code, 'message': message} for field, code, message in problems])


UNREADABLE = _lt('There are characters in it that no text can hold.')


def _checked(validate, lang):
    try:
        return validate()
    except ValidationError as error:
        raise invalid([(_field(found), found['type'], _message(found, lang))
                       for found in error.errors(include_url=False, include_input=False)[:50]]) from None


def _field(found):
    return '.'.join(str(part) for part in found['loc']).encode('utf-8', 'replace').decode()[:200]


def _message(found, lang):
    text = PROBLEMS.get(found['type'])
    return translate(text, lang).format(**found.get('ctx', {})) if text else translate(found['msg'], lang)


def _check_json(raw):
    """Refuse what parsers disagree about: bad UTF-8, a name twice, NaN, lone surrogates, NUL, deep nesting."""
    try:
        value = json.loads(raw.decode('utf-8'), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError('invalid_json', details={'reason': str(error)[:200]}) from None
    if not isinstance(value, dict):
        raise ApiError('invalid_json')
    _check_values(value)


def _once(pairs):
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError('A name stands twice in one object.')
    return names


def _no_constant(name):
    raise ValueError(f'{name} is no JSON.')


def _check_values(value):
    level = [value]
    for _depth in range(DEPTH_LIMIT):
        below = []
        for item in level:
            if isinstance(item, dict):
                below += [*item, *item.values()]
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not _is_text(item):
                raise ApiError('invalid_json', details={'reason': UNREADABLE})
        level = below
        if not level:
            return
    raise ApiError('invalid_json', details={'reason': f'Nested deeper than {DEPTH_LIMIT} levels.'})


def _is_text(text):
    return '\0' not in text and not any('\ud800' <= char <= '\udfff' for char in text)
