"""config.yml of a locally managed tunnel: its part ``ingress`` is ours, the rest is kept to the letter."""
import itertools
import re

import yaml

from ...saas_master.drivers.errors import Permanent
from .ingress import to_yaml

MARKER = '# "ingress" is written by the control plane; changes made in it by hand are lost.\n'
KEY = re.compile(r'''(["']?)ingress\1\s*:(\s|$)''')
_Loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
_Dumper = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)


class Loader(_Loader):
    """Refuses what YAML forbids and the library lets pass: a key that stands twice."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode) and key.value != '<<']
        twice = {key for key in keys if keys.count(key) > 1} if len(keys) != len(set(keys)) else ()
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f'{min(twice)} stands twice', node.start_mark)
        return super().construct_mapping(node, deep)


def parse(data):
    """The file's content as a dictionary; Permanent with the place for what is no YAML or no mapping."""
    try:
        document = yaml.load(data, Loader)      # noqa: S506 - a safe loader, made stricter
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Permanent(f'The tunnel\'s configuration cannot be read: {" ".join(str(error).split())}',
                        'tunnel_yaml') from error
    if not isinstance(document, dict):
        raise Permanent('The tunnel\'s configuration holds no mapping: it needs at least `tunnel` and `credentials-file`',
                        'tunnel_yaml')
    return document


def is_ours(data):
    """Whether its ingress was written by us."""
    return MARKER.encode() in data


def with_ingress(data, ingress):
    """The same file with other rules. Comments and order stay; only a file too artful for that is written anew."""
    document = parse(data)
    wanted = {**document, 'ingress': parse(to_yaml(ingress).encode())['ingress']}
    before, after = _around(data.decode('utf-8', 'surrogateescape'))
    text = f'{before}{MARKER}{to_yaml(ingress)}{after}'.encode('utf-8', 'surrogateescape')
    return text if _reads_as(text, wanted) else _anew(document, ingress)


def _reads_as(text, wanted):
    try:
        return parse(text) == wanted
    except Permanent:
        return False


def _anew(document, ingress):
    rest = {key: value for key, value in document.items() if key != 'ingress'}
    head = yaml.dump(rest, Dumper=_Dumper, sort_keys=False, allow_unicode=True) if rest else ''
    return f'{head}{MARKER}{to_yaml(ingress)}'.encode()


def _around(text):
    """What stands before and after the part ``ingress``, whole lines; our own remark belongs to it."""
    lines = [line for line in text.splitlines(keepends=True) if line != MARKER]
    if lines and not lines[-1].endswith('\n'):
        lines[-1] += '\n'
    start = next((number for number, line in enumerate(lines) if KEY.match(line)), None)
    if start is None:
        return ''.join(lines), ''
    # its rules are indented or begin with a hyphen; comments and blank lines at its end belong to what follows
    inside = list(itertools.takewhile(_goes_on, lines[start + 1:]))
    while inside and not inside[-1].strip(' -\n') or inside and inside[-1].startswith('#'):
        inside.pop()
    return ''.join(lines[:start]), ''.join(lines[start + 1 + len(inside):])


def _goes_on(line):
    return not line.strip() or line[0] in ' \t#' or line.startswith('-') and not line.startswith('---')
