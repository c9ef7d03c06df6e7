"""What is wrong with a tunnel's document, more strictly than cloudflared, which accepts much that never works.

It takes duplicate rules, rules that an earlier one shadows, ``*sajet.us``, hosts with a trailing dot or a space,
``htp://…`` and unknown keys without a word (tried with cloudflared 2026.8); here all of that is a problem.
"""
from dataclasses import dataclass

from .ingress_words import host_problem, options_problems, path_problem, service_problem

RULE_KEYS = {'hostname', 'path', 'service', 'originRequest'}
DOCUMENT_KEYS = {'ingress', 'originRequest', 'warp-routing'}        # of the API
FILE_KEYS = DOCUMENT_KEYS | {                                       # of config.yml: parameters of `tunnel run` besides
    'autoupdate-freq', 'credentials-contents', 'credentials-file', 'edge', 'edge-bind-address', 'edge-ip-version',
    'grace-period', 'ha-connections', 'log-directory', 'logfile', 'loglevel', 'management-diagnostics',
    'max-edge-addr-retries', 'metrics', 'metrics-update-freq', 'no-autoupdate', 'no-tls-verify', 'origincert', 'output',
    'pidfile', 'post-quantum', 'protocol', 'region', 'retries', 'tag', 'token', 'token-file', 'transport-loglevel', 'tunnel'}
EVERYTHING = {'', '/', '^', '^/', '.*', '^.*', '^.*$', '/.*', '^/.*', '^/.*$'}      # paths that every request matches


@dataclass(frozen=True)
class Problem:
    """``code``: for the person's language; ``where``: as in ``ingress[3].hostname``; ``words``: what stands there."""

    code: str
    where: str
    words: str = ''

    def __str__(self):
        return f'{self.where}: {self.code}{f" ({self.words})" if self.words else ""}'


def lint(document, form='json'):
    """Every problem of a document, ``{'ingress': [...], …}`` or the list of rules alone, in its order.

    :param form: 'json', the API's, with durations as whole seconds; or 'yaml', that of config.yml, with ``10s``
    """
    if isinstance(document, list):
        return _ingress(document, form)
    if not isinstance(document, dict):
        return [Problem('shape', 'document', type(document).__name__)]
    known = FILE_KEYS if form == 'yaml' else DOCUMENT_KEYS
    return [*(Problem('unknown_key', str(key)) for key in document if key not in known),
            *_options(document.get('originRequest'), 'originRequest', form),
            *_ingress(document.get('ingress'), form)]


def _ingress(rules, form):
    if not isinstance(rules, list):
        return [Problem('shape' if rules else 'empty', 'ingress')]
    if not rules:
        return [Problem('empty', 'ingress')]
    problems, seen = [], Seen()
    for index, rule in enumerate(rules):
        where = f'ingress[{index}]'
        if not isinstance(rule, dict):
            problems.append(Problem('shape', where, str(rule)))
            continue
        found = [*_rule(rule, where, form), *_order(rule, where, index == len(rules) - 1)]
        problems += found or seen.relations(rule, where)
    return problems


def _rule(rule, where, form):
    """What can be said of a rule alone."""
    for key in rule:
        if key not in RULE_KEYS:
            yield Problem('unknown_key', f'{where}.{key}')
    for key, check in (('hostname', host_problem), ('path', path_problem), ('service', service_problem)):
        code = check(rule.get(key))
        if code:
            yield Problem(code, f'{where}.{key}', str(rule.get(key, '')))
    if 'originRequest' in rule:
        yield from _options(rule['originRequest'], f'{where}.originRequest', form)


def _options(options, where, form):
    return [Problem(code, f'{where}{name and "."}{name}', words)
            for code, name, words in options_problems(options, form)]


def _order(rule, where, last):
    """The catch-all is the last one, and only the last one is."""
    path = rule.get('path') or ''
    everything = rule.get('hostname') in (None, '', '*') and isinstance(path, str) and path in EVERYTHING
    if everything and not last:
        yield Problem('catch_all_early', where, str(rule.get('service', '')))
    if last and not (everything and not path):
        yield Problem('no_catch_all', where, str(rule.get('hostname', '')))


class Seen:
    """The rules so far, to find those that never match because an earlier one takes all of theirs."""

    def __init__(self):
        self._rules, self._takes = set(), set()     # (host or *.host, path); of _takes the path is '' for everything

    def relations(self, rule, where):
        host, path = rule.get('hostname') or '*', rule.get('path') or ''
        taken = '' if path in EVERYTHING else path
        words = f'{rule.get("hostname") or ""}{path}'
        if (host, path) in self._rules:
            return [Problem('duplicate', where, words)]
        shadowed = any((above, covered) in self._takes for above in _above(host) for covered in {'', taken})
        self._rules.add((host, path))
        self._takes.add((host, taken))
        return [Problem('shadowed', where, words)] if shadowed else []


def _above(host):
    """Whatever host pattern matches all that ``host`` matches: itself and the wildcards of the names above it."""
    yield host
    rest = host.removeprefix('*.')
    while '.' in rest:
        rest = rest.partition('.')[2]
        yield f'*.{rest}'
    yield '*'
