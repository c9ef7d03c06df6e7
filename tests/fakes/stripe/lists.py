"""Pages of a list, newest first, and what lists are narrowed by."""
from . import errors


def page(call, rows, url=''):
    """The page of ``rows`` (oldest first, as the world has them) that ``limit``, ``starting_after`` or ``ending_before`` ask for."""
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


def equal(call, rows, *names):
    """Those that have the given values of plain parameters."""
    for name in names:
        if call.has(name):
            value = call.text(name)
            rows = [row for row in rows if row.get(name) == value]
    return rows
