"""Parameters: bracketed forms and queries, and Stripe's complaints about what is in them.

Values are texts until a handler says what it expects. What no reader asked for is unknown, and an error: ``check``.
"""
import re
from urllib.parse import parse_qsl

from . import errors

NAMES = re.compile(r'[^\[\]]+|\[\]')
LONGEST = 5000


def decoded(text):
    """``a[b][0][c]=1`` → ``{'a': {'b': [{'c': '1'}]}}``."""
    tree = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _place(tree, NAMES.findall(name) or [name], value)
    return _with_lists(tree)


def _place(tree, names, value):
    for name in names[:-1]:
        name = str(len(tree)) if name == '[]' else name
        below = tree.get(name)
        if not isinstance(below, dict):
            below = tree[name] = {}
        tree = below
    tree[str(len(tree)) if names[-1] == '[]' else names[-1]] = value


def _with_lists(value):
    if not isinstance(value, dict):
        return value
    value = {name: _with_lists(part) for name, part in value.items()}
    if value and all(name.isdigit() for name in value):
        return [value[name] for name in sorted(value, key=int)]
    return value


class Params:
    """The parameters of a call, or of one dictionary within: ``sub``, ``subs``.

    A reader gives ``default`` for what is not there or empty. Stripe takes an empty value as the wish to unset: ``given``
    tells the two apart.
    """

    def __init__(self, values, path=''):
        self.params, self.where, self._asked, self._below = values, path, set(), []

    def param(self, name):
        """As errors name it."""
        return f'{self.where}[{name}]' if self.where else name

    def has(self, name):
        return name in self.params

    def is_nested(self, name):
        return isinstance(self.params.get(name), (dict, list))

    def ignore(self, *names):
        """Allowed, and of no effect here."""
        self._asked.update(names)

    def given(self, **readers):
        """``{name: reader(name)}`` of those that are there."""
        return {name: reader(name) for name, reader in readers.items() if self.has(name)}

    # -- readers ------------------------------------------------------------------------------------------------------
    def _value(self, name, required):
        self._asked.add(name)
        if name not in self.params:
            if required:
                raise errors.missing(self.param(name))
            return None
        value = self.params[name]
        if required and value == '':
            raise errors.empty(self.param(name))
        return value

    def text(self, name, required=False, default=None, longest=LONGEST):
        value = self._value(name, required)
        if value is None:
            return default
        if not isinstance(value, str):
            raise errors.invalid(f'Invalid string: {value}', self.param(name))
        if len(value) > longest:
            raise errors.invalid(f'Invalid string: {value[:10]}…{value[-10:]}; must be at most {longest} characters',
                                 self.param(name), 'parameter_invalid_string_too_long')
        return value or None

    def number(self, name, required=False, default=None, least=None, most=None):
        value = self.text(name, required, None)
        if value is None:
            return default
        if not re.fullmatch(r'-?\d{1,15}', value):
            raise errors.invalid(f'Invalid integer: {value}', self.param(name), 'parameter_invalid_integer')
        number = int(value)
        if least is not None and number < least:
            raise errors.invalid(f'This value must be greater than or equal to {least}.', self.param(name),
                                 'parameter_invalid_integer')
        if most is not None and number > most:
            raise errors.invalid(f'This value must be less than or equal to {most}.', self.param(name),
                                 'parameter_invalid_integer')
        return number

    def flag(self, name, required=False, default=None):
        value = self.text(name, required, None)
        if value is None:
            return default
        if value not in ('true', 'false'):
            raise errors.invalid(f'Invalid boolean: {value}', self.param(name))
        return value == 'true'

    def choice(self, name, options, required=False, default=None):
        value = self.text(name, required, None)
        if value is None:
            return default
        if value not in options:
            words = ', '.join(options[:-1]) + f', or {options[-1]}' if len(options) > 1 else options[0]
            raise errors.invalid(f'Invalid {self.param(name)}: must be one of {words}', self.param(name))
        return value

    def moment(self, name, now=None, required=False, default=None):
        """A Unix time; the word ``now`` where ``now`` is given."""
        if now is not None and self.params.get(name) == 'now':
            self._asked.add(name)
            return now
        return self.number(name, required, default, least=0)

    def texts(self, name, required=False, default=()):
        value = self._value(name, required)
        if not isinstance(value, list):
            if value in (None, ''):
                return list(default)
            raise errors.invalid('Invalid array', self.param(name))
        return [str(part) for part in value]

    def metadata(self, old=None, name='metadata'):
        """What was, with what is given; an empty value removes its key, an empty metadata all of them."""
        value = self._value(name, False)
        if value is None:
            return dict(old or {})
        if value == '':
            return {}
        if not isinstance(value, dict):
            raise errors.invalid('Invalid hash', self.param(name))
        merged = {**(old or {}), **value}
        for key, text in value.items():
            if not isinstance(text, str) or len(key) > 40 or len(text) > 500:
                raise errors.invalid('Metadata keys have at most 40 characters, their values 500.',
                                     self.param(f'{name}[{key}]'))
        return {key: text for key, text in merged.items() if text != ''}

    def sub(self, name, required=False):
        """The dictionary there, as parameters of their own; empty where there is none."""
        value = self._value(name, required)
        if value not in (None, '') and not isinstance(value, dict):
            raise errors.invalid('Invalid object', self.param(name))
        return self._deeper(value or {}, self.param(name))

    def subs(self, name, required=False):
        """The list of dictionaries there."""
        value = self._value(name, required)
        if value in (None, ''):
            return []
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            raise errors.invalid('Invalid array', self.param(name))
        return [self._deeper(part, self.param(f'{name}][{index}') if self.where else f'{name}[{index}]')
                for index, part in enumerate(value)]

    def _deeper(self, values, path):
        below = Params(values, path)
        self._below.append(below)
        return below

    # -- the rest -----------------------------------------------------------------------------------------------------
    def check(self):
        """Nothing is left that no reader asked for."""
        left = [self.param(name) for name in self.params if name not in self._asked]
        if left:
            raise errors.unknown(left[0], left[1:])
        for below in self._below:
            below.check()

    def __bool__(self):
        return bool(self.params)
