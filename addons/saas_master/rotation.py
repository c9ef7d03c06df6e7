"""Every stored secret under one key, for the command ``saas_rotate_key``."""
from psycopg2 import sql
from psycopg2.errors import SerializationFailure

from .drivers.errors import Permanent


def sealed_columns(env):
    """(model, column) of every field that holds a sealed secret, whichever addon it is of."""
    for name in sorted(env.registry.models):
        model = env[name]
        if model._auto and not model._abstract:
            for field in model._fields.values():
                if field.name.endswith('_sealed') and field.store and field.column_type:
                    yield model, field.name


def rotate(env, vault, check=False):
    """Seal all with the vault's first key, or only open them; return how many there are.

    Nothing is committed here. Raises Permanent, which says where the secret is, for the first that cannot be opened.
    """
    env.flush_all()
    count = 0
    for model, column in sealed_columns(env):
        table, name = sql.Identifier(model._table), sql.Identifier(column)
        for number, token in _tokens(env.cr, model, table, name):
            try:
                if check:
                    vault.open(token)
                    sealed = token
                else:
                    sealed = vault.rotate(token)
            except Permanent as error:
                raise Permanent(f'{model._name} #{number}, {column}: {error}') from None
            if sealed != token:
                env.cr.execute(sql.SQL('UPDATE {} SET {} = %s WHERE id = %s').format(table, name), [sealed, number])
            count += 1
    env.invalidate_all()
    return count


def _tokens(cr, model, table, name):
    try:
        # pylint: disable=sql-injection  # names of models and fields, quoted
        cr.execute(sql.SQL("SELECT id, {name} FROM {table} WHERE {name} > '' ORDER BY id FOR UPDATE").format(
            table=table, name=name))
    except SerializationFailure:
        raise Permanent(f'{model._name} was changed by somebody at this moment. Run the command again.') from None
    return cr.fetchall()
