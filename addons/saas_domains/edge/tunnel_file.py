"""config.yml of a locally managed tunnel: its part ``ingress`` is ours, the rest is kept to the letter."""
import json
import re

import yaml

from ...saas_master.drivers.errors import Permanent
from .ingress import to_yaml

MARKER = '# "ingress" is written by the control plane; changes made in it by hand are lost.\n'
KEY = re.compile(r'''(["']?)ingress\1\s*:(\s|$)''')
# As ``to_yaml`` writes it, every value in JSON on its own line: nothing in it can reach beyond it.
OURS = re.compile(r'ingress:\n(?:  - [A-Za-z]+: ["{].*\n(?:    [A-Za-z]+: ["{].*\n)*)+')
STAND_IN, STAND_IN_READ = 'ingress:\n  - service: x\n', {'ingress': [{'service': 'x'}]}
ENCODING = ('utf-8', 'surrogateescape')
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
        raise Permanent(f'The tunnel\'s configuration cannot be read: {_words(error)}', 'tunnel_yaml') from None
    if not isinstance(document, dict):
        raise Permanent('The tunnel\'s configuration holds no mapping: it needs at least `tunnel` and '
                        '`credentials-file`', 'tunnel_yaml')
    return document


def _words(error):
    """What and where, without the line itself: it may hold the tunnel's secret."""
    mark = getattr(error, 'problem_mark', None)
    place = f' in line {mark.line + 1}' if mark else ''
    return f'{getattr(error, "problem", None) or type(error).__name__}{place}'


def is_ours(data):
    """Whether its ingress was written by us."""
    return MARKER.encode() in data


def settings(data):
    """What the file says besides its rules. Thousands of those take a second to read, so ours are not."""
    before, block, after = _parts(data)
    text = f'{before}{STAND_IN}{after}'.encode(*ENCODING) if OURS.fullmatch(block) else data
    return {key: value for key, value in parse(text).items() if key != 'ingress'}


def rules(data):
    """The rules that the file has now; Permanent for what is no YAML. Ours are read line by line: ten thousand at once."""
    block = _parts(data)[1]
    if OURS.fullmatch(block):
        found = []
        for line in block.splitlines()[1:]:
            name, _colon, value = line[4:].partition(': ')
            if line.startswith('  - '):
                found.append({})
            found[-1][name] = json.loads(value)
        return found
    found = parse(data).get('ingress')
    return [rule for rule in found if isinstance(rule, dict)] if isinstance(found, list) else []


def with_ingress(data, ingress):
    """The same file with other rules. Comments and order stay; only a file too artful for that is written anew."""
    rest = settings(data)
    before, _block, after = _parts(data)
    if _reads_as(f'{before}{STAND_IN}{after}', {**rest, **STAND_IN_READ}):
        return f'{before}{MARKER}{to_yaml(ingress)}{after}'.encode(*ENCODING)
    head = yaml.dump(rest, Dumper=_Dumper, sort_keys=False, allow_unicode=True) if rest else ''
    return f'{head}{MARKER}{to_yaml(ingress)}'.encode()


def _reads_as(text, wanted):
    try:
        return parse(text.encode(*ENCODING)) == wanted
    except Permanent:
        return False


def _parts(data):
    """What stands before the part ``ingress``, the part itself, and what stands after it, in whole lines."""
    lines = [line for line in data.decode(*ENCODING).splitlines(keepends=True) if line != MARKER]
    if lines and not lines[-1].endswith('\n'):
        lines[-1] += '\n'
    start = next((number for number, line in enumerate(lines) if KEY.match(line)), len(lines))
    # its rules are indented or begin with a hyphen; comments and blank lines at its end belong to what follows
    end = start + 1
    while end < len(lines) and _goes_on(lines[end]):
        end += 1
    while end - 1 > start and (not lines[end - 1].strip() or lines[end - 1].startswith('#')):
        end -= 1
    return tuple(''.join(part) for part in (lines[:start], lines[start:end], lines[end:]))


def _goes_on(line):
    return not line.strip() or line[0] in ' \t#' or line.startswith('-') and not line.startswith('---')
