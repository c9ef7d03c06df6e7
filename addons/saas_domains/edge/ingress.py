"""The ingress of a tunnel, rendered as a whole from what the records want: which host leads to which service.

cloudflared takes the first rule that matches. So the order is fixed here: exact names by the alphabet, then wildcards,
the deeper ones first, at last the one rule that catches all. Durations are integer seconds, as the API wants them;
``to_config`` writes them as the strings that config.yml wants.
"""
import json
from dataclasses import dataclass, field

from ...saas_master.drivers.errors import Permanent
from .ingress_lint import lint

DURATIONS = ('connectTimeout', 'keepAliveTimeout', 'tcpKeepAlive', 'tlsTimeout')     # of originRequest
SHOWN = 5           # problems of a document that an error repeats
NOT_FOUND = 'http_status:404'       # a service: what no rule matches gets this


@dataclass(frozen=True)
class Rule:
    """``hostname``: ASCII, lower case, exact or ``*.`` before a name; ``service``: scheme, host and port, no path.

    ``path``: an unanchored Go regular expression, so begin it with ``^``; ``origin_request``: options of cloudflared by
    its own names, durations in whole seconds.
    """

    hostname: str
    service: str
    path: str = ''
    origin_request: dict = field(default_factory=dict)


def render(rules, catch_all=NOT_FOUND):
    """The document's list of rules, the same for the same rules in any order.

    :param catch_all: service of whatever no rule matches, or a ``Rule`` without hostname and path
    :raises Permanent: a host and path with two services
    """
    table = {}
    for rule in rules:
        if table.setdefault((rule.hostname, rule.path), rule) != rule:
            raise Permanent(f'The tunnel would have two rules for {rule.hostname}{rule.path}, to '
                            f'{table[rule.hostname, rule.path].service} and {rule.service}: remove one',
                            'ingress_twice')
    last = catch_all if isinstance(catch_all, Rule) else Rule('', catch_all)
    return [_entry(rule) for rule in (*sorted(table.values(), key=_order), last)]


def _order(rule):
    """Rules with a path before the one that takes the rest of the host, the longer path first."""
    wildcard = rule.hostname.startswith('*')
    return wildcard, -rule.hostname.count('.') * wildcard, rule.hostname, -len(rule.path), rule.path


def _entry(rule):
    """As cloudflared spells it, without what is empty."""
    entry = {'hostname': rule.hostname, 'path': rule.path, 'service': rule.service,
             'originRequest': dict(rule.origin_request)}
    return {name: value for name, value in entry.items() if value}


def require_sound(ingress):
    """Permanent with the first problems of a rendered document that our own check finds."""
    problems = lint(ingress)
    if problems:
        more = f' and {len(problems) - SHOWN} more' if len(problems) > SHOWN else ''
        raise Permanent(f'The tunnel\'s new rules are wrong: {"; ".join(map(str, problems[:SHOWN]))}{more}',
                        'ingress_wrong')


def normal(ingress):
    """Equal for documents that mean the same: the API adds empty values to what was put there."""
    return [{name: value for name, value in rule.items() if value not in ('', None, {})} for rule in ingress or ()]


def to_config(ingress, tunnel, credentials_file, metrics=''):
    """A new config.yml of a locally managed tunnel, as bytes."""
    head = {'tunnel': tunnel, 'credentials-file': credentials_file, 'metrics': metrics}
    lines = [f'{name}: {_scalar(value)}\n' for name, value in head.items() if value]
    return ''.join((*lines, to_yaml(ingress))).encode('ascii')


def to_yaml(ingress):
    """The part ``ingress:`` of config.yml. Scalars in JSON's spelling, which is YAML's too: nothing is ever mistaken
    for a number, a date or a yes, and ten thousand rules take milliseconds."""
    return 'ingress:\n' + ''.join(_yaml_rule(rule) for rule in ingress)


def _yaml_rule(rule):
    parts = [f'{name}: {_scalar(_with_units(value) if name == "originRequest" else value)}'
             for name, value in rule.items()]
    return '  - ' + '\n    '.join(parts) + '\n'


def _with_units(options):
    return {name: f'{value}s' if name in DURATIONS and isinstance(value, int) else value
            for name, value in options.items()}


def _scalar(value):
    return json.dumps(value)
