"""``expand[]``: ids are replaced by the objects they name."""
from . import answers, errors

DEEPEST = 4
INCLUDABLE = {}     # (object, property): function(world, row), of what is only there when it is asked for


def includes(kind, name):
    """Registers a property that an object has only when it is expanded: ``@includes('invoice', 'payments')``."""
    def keep(function):
        INCLUDABLE[kind, name] = function
        return function
    return keep


def expanded(world, answer, paths):
    answer = answers.shown(answer)
    for index, path in enumerate(paths):
        names = path.split('.')
        if len(names) > DEEPEST + (names[0] == 'data'):
            raise errors.invalid(f'You cannot expand more than {DEEPEST} levels of a property.', f'expand[{index}]')
        answer = _at(world, answer, names, path, index)
    return answer


def _at(world, value, names, path, index):
    """``value`` with what ``names`` lead to expanded. An unknown word is an error, an empty property is none."""
    if isinstance(value, list):
        return [_at(world, part, names, path, index) for part in value]
    if not names or value is None:
        return value
    if not isinstance(value, dict):
        raise _impossible(path, index)
    name, rest = names[0], names[1:]
    if (value.get('object'), name) in INCLUDABLE and not isinstance(value.get(name), dict):
        part = answers.shown(INCLUDABLE[value['object'], name](world, value))
    elif name in value:
        part = _object(world, value[name], rest, path, index)
    else:
        raise _impossible(path, index)
    return {**value, name: _at(world, part, rest, path, index)}


def _object(world, part, rest, path, index):
    if isinstance(part, list):
        return [_object(world, one, rest, path, index) for one in part]
    if part is None or isinstance(part, dict) and (rest or 'object' in part):
        return part
    row = world.find(part) if isinstance(part, str) else None
    if row is None:
        raise _impossible(path, index)
    return answers.shown(row)


def _impossible(path, index):
    return errors.invalid(f'This property cannot be expanded ({path}).', f'expand[{index}]')
