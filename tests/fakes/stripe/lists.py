"""Pages of a list, newest first, and what lists are narrowed by."""
import re

from . import errors


def page(call, rows, url=''):
    """The page of ``rows`` (oldest first, as the world has them) that limit, starting_after or ending_before ask for."""
    limit = call.number('limit', default=10, least=1, most=100)
    after, before = call.text('starting_after'), call.text('ending_before')
    if after and before:
        raise errors.invalid('You cannot parameterize both starting_after and ending_before.', 'starting_after')
    rows = [row for row in reversed(list(rows)) if not row.get('deleted')]
    part, more = _part(rows, limit, after, before)
    return {'object': 'list', 'data': part, 'has_more': more, 'url': url or call.path}


def _part(rows, limit, after, before):
    if before:
        end = _place(rows, before, 'ending_before')
        return rows[max(0, end - limit):end], end > limit
    start = _place(rows, after, 'starting_after') + 1 if after else 0
    return rows[start:start + limit], len(rows) > start + limit


def _place(rows, key, param):
    for index, row in enumerate(rows):
        if row['id'] == key:
            return index
    raise errors.no_such('object', key, param, 400)


COMPARED = {
    'gt': lambda value, least: value > least, 'gte': lambda value, least: value >= least,
    'lt': lambda value, most: value < most, 'lte': lambda value, most: value <= most,
}


def within(call, rows, name='created'):
    """Those whose ``name`` lies in the range that was asked for: a moment, or gt, gte, lt, lte."""
    if not call.has(name):
        return rows
    if not call.is_nested(name):
        moment = call.number(name)
        return [row for row in rows if row[name] == moment]
    bounds = call.sub(name)
    checks = [(COMPARED[word], bounds.number(word)) for word in COMPARED if bounds.has(word)]
    return [row for row in rows if row[name] is not None and all(check(row[name], bound) for check, bound in checks)]


# -- search -----------------------------------------------------------------------------------------------------------
CLAUSE = re.compile(r"""
    \s* (-?) ([a-z_]+) (?: \[ (["']) (.+?) \3 \] )?         # not, field, key
    \s* (: | ~ | >= | <= | > | <)
    \s* ( "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | -?\d+ | null ) \s*""", re.VERBOSE)
JOINT = re.compile(r'(AND|OR|and|or)\s')
NUMERIC = {'>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte'}


def search(call, rows, fields):
    """The page of a search: clauses over ``fields`` and metadata, all joined by AND, or all by OR."""
    limit, start = call.number('limit', default=10, least=1, most=100), call.number('page', default=0, least=0)
    joint, clauses = _clauses(call.text('query', required=True), fields)
    fits = any if joint == 'OR' else all
    rows = [row for row in reversed(rows)
            if not row.get('deleted') and fits(_holds(row, *clause) for clause in clauses)]
    more = len(rows) > start + limit
    return {'object': 'search_result', 'data': rows[start:start + limit], 'has_more': more, 'url': call.path,
            'next_page': str(start + limit) if more else None}


def _clauses(query, fields):
    """(AND or OR, [(is_not, field, key, operator, value)])"""
    found, joints, place = [], set(), 0
    while True:
        match = CLAUSE.match(query, place)
        if not match or match[2] not in (*fields, 'metadata') or bool(match[4]) != (match[2] == 'metadata'):
            raise errors.invalid(f'We were unable to parse your search query: {query}', 'query')
        found.append((bool(match[1]), match[2], match[4], match[5], _meant(match[6])))
        place = match.end()
        if place == len(query):
            break
        joint = JOINT.match(query, place)
        joints.add(joint[1].upper() if joint else '')
        place = joint.end() if joint else place
        if len(joints) > 1 or '' in joints:
            raise errors.invalid('Search queries join their clauses by AND or by OR, not by both.', 'query')
    return next(iter(joints), 'AND'), found


def _meant(text):
    if text[0] in '"\'':
        return re.sub(r'\\(.)', r'\1', text[1:-1])
    return None if text == 'null' else text


def _holds(row, is_not, name, key, operator, value):
    actual = (row.get(name) or {}).get(key) if key else row.get(name)
    if operator in NUMERIC:
        holds = actual is not None and COMPARED[NUMERIC[operator]](actual, int(value))
    elif value is None or actual is None:
        holds = actual is value
    elif operator == '~' or name in ('name', 'email'):
        words = str(actual).lower()
        holds = value.lower() in words if operator == '~' else value.lower() == words
    else:
        holds = str(actual) == value
    return holds is not is_not
