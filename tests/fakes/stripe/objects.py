"""Reading, writing and telling about rows of the world, in few words."""
from . import answers
from .world import difference


def copy_of(world, table, key):
    return world.get(table, key) if key else None


def save(world, table, row):
    return world.put(table, row['id'], row)


def emit_change(world, kind, old, new):
    """The event of a change; nothing where nothing changed."""
    before = difference(answers.shown(old), answers.shown(new))
    if before:
        world.emit(kind, new, before)
    return new


def address():
    return {'city': None, 'country': None, 'line1': None, 'line2': None, 'postal_code': None, 'state': None}


def listing(rows, url):
    """A list inside an object."""
    return {'object': 'list', 'data': rows, 'has_more': False, 'total_count': len(rows), 'url': url}
