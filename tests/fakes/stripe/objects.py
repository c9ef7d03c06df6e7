"""Reading, writing and telling about objects of the world. What was read is a copy; only ``save`` changes anything."""
import copy


def copy_of(world, table, key):
    return copy.deepcopy(world.get(table, key)) if key else None


def save(world, table, value):
    world.put(table, value['id'], copy.deepcopy(value))
    return value


def previous(old, new):
    """``previous_attributes``: what was different, whole where it is a list, in part where it is a dictionary."""
    found = {}
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict) and name != 'items':
            found[name] = previous(before, after)
        else:
            found[name] = before
    return found


def emit_change(world, kind, old, new):
    """The event of a change; nothing where nothing changed."""
    before = previous(old, new)
    if before:
        world.emit(kind, new, before)
    return new


def address():
    return {'city': None, 'country': None, 'line1': None, 'line2': None, 'postal_code': None, 'state': None}


def listing(rows, url):
    """A list inside an object."""
    return {'object': 'list', 'data': rows, 'has_more': False, 'total_count': len(rows), 'url': url}
