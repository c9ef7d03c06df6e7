"""From what resolvers show to a Finding. Pure, and never 'no' where something could not be asked."""
import ipaddress
from collections import Counter
from dataclasses import dataclass, replace

from .dns_providers import is_proxy
from .dns_values import NO, UNKNOWN, UNKNOWN_CODES, YES, Finding, Warning
from .dns_view import Extras
from .dns_wire import FOUND, NXDOMAIN

MOST_FOUND, LONGEST_FOUND = 10, 300     # of what is shown to people and kept with the record


@dataclass(frozen=True)
class Token:
    """Of the TXT record: ``code`` is '', txt_missing, txt_wrong, or why it could not be asked."""

    code: str
    found: tuple = ()


def judge(target, view, settings, extras=None):
    """The Finding of one resolver's view."""
    finding = replace(_judge(target, view, settings), ttl=view.a.ttl)
    extras = extras or Extras()
    seen = () if finding.outcome == UNKNOWN else _record_warnings(target, view, settings)
    warnings = (*finding.warnings, *seen, *_caa_warnings(target, extras))
    return replace(
        finding, provider=extras.provider, warnings=warnings, chain=view.a.chain, addresses=_shown(_addresses(view)),
        found=_shown(finding.found), owned=_token(target, view).code == '')


def combine(findings, expected=''):
    """Of several resolvers' Findings by the resolver's name: more than half have to say the same and none may differ."""
    sure = {name: finding for name, finding in findings.items() if finding.outcome != UNKNOWN}
    says = {(finding.outcome, finding.outcome == NO and finding.code) for finding in sure.values()}
    if len(says) > 1:
        found = tuple(f'{name}: {", ".join(finding.found) or finding.code}' for name, finding in sure.items())
        return Finding(UNKNOWN, 'disagree', expected=expected, found=_shown(found))
    if len(sure) > len(findings) // 2:
        return next(iter(sure.values()))
    codes = Counter(finding.code for finding in findings.values() if finding.outcome == UNKNOWN)
    code = codes.most_common(1)[0][0] if codes else 'no_answer'
    return next((finding for finding in findings.values() if finding.code == code),
                Finding(UNKNOWN, code, expected=expected))


def _judge(target, view, settings):
    code, expected = view.a.code, target.targets[0]
    if code == 'reached':
        return _by_cname(target, view)
    if code in UNKNOWN_CODES:
        return Finding(UNKNOWN, code, expected=expected, found=view.a.chain)
    if code == NXDOMAIN:
        return Finding(NO, 'dangling_cname' if view.a.chain else 'nxdomain', expected=expected, found=view.a.chain[-1:])
    if code in ('loop', 'chain_too_long', 'multiple_cname'):
        return Finding(NO, code, expected=expected, found=view.a.chain)
    return _by_address(target, view, settings)


def _by_cname(target, view):
    token = _token(target, view)
    found = Finding(YES, evidence='cname', expected=target.targets[0], found=view.a.chain, points=True)
    if not token.code:
        return found
    if not target.txt_required:
        missing = token.code not in UNKNOWN_CODES and token.code != 'no_token'
        values = {'name': target.txt_name, 'token': target.token, 'found': list(_shown(token.found))}
        return replace(found, warnings=(Warning('txt_missing_optional', values),) if missing else ())
    return _without_token(found, target, token)


def _by_address(target, view, settings):
    """No CNAME to us is visible: flattened, an alias at the apex, proxied, or it leads elsewhere."""
    addresses = _addresses(view)
    expected = target.targets[0]
    if view.aaaa.code in UNKNOWN_CODES and not view.a.values:
        return Finding(UNKNOWN, view.aaaa.code, expected=expected)
    if not addresses:
        code = 'wrong_cname' if view.a.chain else 'no_record'
        return Finding(NO, code, expected=expected, found=view.a.chain[-1:])
    ours = {address for address in view.ours if _counts(address, settings)}
    proxied = any(map(is_proxy, ours)) and all(map(is_proxy, addresses))
    if not ours.isdisjoint(addresses) or proxied:
        hidden = Warning('proxied', {'addresses': list(_shown(addresses))})
        warnings = (hidden,) if ours.isdisjoint(addresses) else ()
        found = Finding(YES, evidence='address', expected=expected, found=addresses, points=True, warnings=warnings)
        token = _token(target, view)
        if token.code and _is_of_another(target, view.a.chain):
            return Finding(NO, 'wrong_cname', expected=expected, found=view.a.chain, points=True)
        if token.code:
            return _without_token(found, target, token)
        return replace(found, evidence='txt')
    if view.ours_code:
        return Finding(UNKNOWN, view.ours_code, expected=expected, found=addresses)
    if view.a.chain:
        return Finding(NO, 'wrong_cname', expected=expected, found=view.a.chain)
    return Finding(NO, 'wrong_address', expected=expected, found=addresses)


def _is_of_another(target, chain):
    """It leads to a neighbour below our root domain, who has the same addresses."""
    root = target.targets[0].partition('.')[2]
    return any(name.endswith(f'.{root}') for name in chain)


def _without_token(found, target, token):
    """It points here, yet who asks has not shown that it is his."""
    if token.code in UNKNOWN_CODES:
        return replace(found, outcome=UNKNOWN, code=token.code, expected=target.token, found=())
    flattened = found.evidence == 'address' and token.code != 'txt_wrong'
    code = 'flattened_needs_txt' if flattened else 'txt_missing' if token.code == 'no_token' else token.code
    return replace(found, outcome=NO, code=code, expected=target.token, found=token.found)


def _token(target, view):
    if view.txt is None:
        return Token('no_token')
    if view.txt.code in UNKNOWN_CODES:
        return Token(view.txt.code)
    values = view.txt.values if view.txt.code == FOUND else ()
    if target.token in (value.strip().strip('"') for value in values):
        return Token('', values)
    return Token('txt_wrong' if values else 'txt_missing', values)


def _addresses(view):
    """IPv4 first."""
    return (*view.a.values, *(view.aaaa.values if view.aaaa else ())) if view.a.code != 'reached' else view.a.values


def _shown(values):
    return tuple(value[:LONGEST_FOUND] for value in values[:MOST_FOUND])


def _counts(address, settings):
    return not settings.public_only or ipaddress.ip_address(address).is_global


# -- warnings -------------------------------------------------------------------------------------
def _record_warnings(target, view, settings):
    first = (view.a.chain or ('',))[0]
    if view.a.chain and target.name == target.registrable:
        yield Warning('apex_cname', {'target': first})
    if view.a.ttl is not None and view.a.ttl > settings.ttl_high:
        yield Warning('ttl_high', {'ttl': view.a.ttl, 'limit': settings.ttl_high})
    yield from _left_warnings(view)
    private = [address for address in _addresses(view) if not _counts(address, settings)]
    if private:
        yield Warning('private_address', {'addresses': list(_shown(private))})


def _left_warnings(view):
    """Addresses of a former host, beside ours or instead of ours."""
    if view.a.extra:
        yield Warning('conflicting_records', {'found': list(_shown(view.a.chain))})
    if view.a.chain or view.a.code not in (FOUND, 'nodata'):
        return
    foreign = [tuple(value for value in trail.values if value not in view.ours) for trail in (view.a, view.aaaa)]
    if any(map(is_proxy, view.ours)):
        foreign = [tuple(value for value in values if not is_proxy(value)) for values in foreign]
    for code, values in zip(('a_left', 'aaaa_left'), foreign, strict=True):
        if values:
            yield Warning(code, {'addresses': list(_shown(values))})
    if foreign[0] and len(foreign[0]) < len(view.a.values):
        yield Warning('conflicting_records', {'found': list(_shown(view.a.values))})


def _caa_warnings(target, extras):
    """A set without 'issue' lets everybody; one that names others, or has a critical word nobody knows, none of ours."""
    if not extras.caa:
        return
    where, properties = extras.caa
    words = [value.partition(' ')[::2] for value in properties]
    issue = [value.partition(';')[0].strip().lower() for tag, value in words if tag.lstrip('!') == 'issue']
    strange = [tag for tag, _value in words if tag.startswith('!') and tag[1:] not in ('issue', 'issuewild', 'iodef')]
    if strange or issue and not set(issue) & set(target.issuers):
        yield Warning('caa_blocks', {
            'name': where, 'allowed': sorted(filter(None, issue)), 'needed': list(target.issuers)})
