"""Names of customers: what is accepted as one, and which name of ours is made from it."""
import functools
import ipaddress
import re
import secrets
import unicodedata
from dataclasses import dataclass

import idna
from publicsuffixlist import PublicSuffixList

from ...saas_master import names as tenant_names

LONGEST, LONGEST_LABEL = 253, 63
DOTS = re.compile('[.\u3002\uff0e\uff61]')
NUMBER = re.compile(r'[0-9]+|0x[0-9a-f]*')
LETTERS = str.maketrans({'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'ø': 'o', 'ł': 'l', 'đ': 'd', 'ð': 'd', 'þ': 'th', 'ı': 'i'})
WORDS = {
    'empty': 'There is no name.',
    'invalid': 'This is not the name of a host.',
    'too_long': f'The name is longer than {LONGEST} characters.',
    'label_too_long': f'A part of the name is longer than {LONGEST_LABEL} characters.',
    'single_label': 'The name has no dot.',
    'address': 'This is an IP address.',
    'wildcard': 'A name with * stands for many.',
    'suffix': 'Under this name everybody can register his own.',
    'own': 'The name is one of our own.',
}


class NameProblem(ValueError):
    """``code``: a key of ``WORDS``."""

    def __init__(self, code):
        super().__init__(WORDS[code])
        self.code = code


@dataclass(frozen=True)
class DomainName:
    """``ascii`` is what the DNS and the database have, ``unicode`` what people see; ``registrable``: the name under a
    public suffix which somebody owns, also in ASCII."""

    ascii: str
    unicode: str
    registrable: str
    is_apex: bool


def parse(text, own=()):
    """The name of a host as a person writes it, in any script and case, with or without a dot at its end.

    Never a URL, an address, a wildcard, a public suffix, nor one of ``own`` (our root domains) or below it: raises
    NameProblem.
    """
    text = (text or '').strip()
    if not text:
        raise NameProblem('empty')
    if len(text) > 2 * LONGEST:         # the library takes quadratic time over what comes
        raise NameProblem('too_long')
    if '*' in text or '\uff0a' in text:
        raise NameProblem('wildcard')
    ascii_name = _to_ascii(text)
    _refuse(ascii_name, own)
    registrable = _suffixes().privatesuffix(ascii_name)
    if not registrable:
        raise NameProblem('suffix')
    return DomainName(ascii_name, to_unicode(ascii_name), registrable, registrable == ascii_name)


def to_unicode(ascii_name):
    """For people; a name that cannot be shown otherwise stays as it is."""
    try:
        return idna.decode(ascii_name)
    except (idna.IDNAError, UnicodeError):
        return ascii_name


def derive_label(name):
    """The name below our root domain: ``www.impulse-max.com`` → ``impulse-max``, ``shop.impulse-max.com`` →
    ``shop-impulse-max``. Always one a tenant may have, so never empty nor reserved; not yet unique."""
    suffix = _suffixes().publicsuffix(name.ascii)
    labels = name.ascii[:-len(suffix) - 1].split('.')
    while len(labels) > 1 and labels[0] == 'www':
        del labels[0]
    label = '-'.join(filter(None, map(_plain, labels)))
    for candidate in (label, _joined(label, suffix), _joined('domain', label, suffix)):
        if tenant_names.problem(candidate) is None:
            return candidate
    return f'domain-{secrets.token_hex(4)}'


def numbered(label, number):
    """The ``number``-th wish where ``label`` is taken: never longer than a label may be."""
    end = f'-{number}'
    return label[:LONGEST_LABEL - len(end)].rstrip('-') + end


def txt_name(prefix, name):
    """Where the customer puts the token."""
    return f'_{prefix}-verify.{name.registrable}'


def new_token(prefix):
    return f'{prefix}-verify-{secrets.token_hex(16)}'


def _to_ascii(text):
    labels = DOTS.split(text.lower())
    if len(labels) > 1 and not labels[-1]:
        del labels[-1]
    if NUMBER.fullmatch(labels[-1]) or _is_address(text):
        raise NameProblem('address')
    if not all(labels):
        raise NameProblem('invalid')
    found = '.'.join(map(_ascii_label, labels))
    if len(found) > LONGEST:
        raise NameProblem('too_long')
    if NUMBER.fullmatch(found.rpartition('.')[2]):      # full-width digits
        raise NameProblem('address')
    return found


def _ascii_label(label):
    """One label; what is punycode already has to be what its Unicode form gives, or two spellings were two names."""
    if label.isascii() and len(label) > LONGEST_LABEL:
        raise NameProblem('label_too_long')
    try:
        found = idna.encode(label, uts46=True, std3_rules=True).decode()
        if DOTS.search(found) or idna.encode(idna.decode(found)).decode() != found:
            raise NameProblem('invalid')
    except (idna.IDNAError, UnicodeError) as error:
        raise NameProblem('label_too_long' if 'too long' in str(error).lower() else 'invalid') from None
    return found


def _is_address(text):
    try:
        ipaddress.ip_address(text.strip('[]').partition('%')[0])
    except ValueError:
        return False
    return True


def _refuse(ascii_name, own):
    if '.' not in ascii_name:
        raise NameProblem('single_label')
    if any(f'.{ascii_name}'.endswith(f'.{root.lower().rstrip(".")}') for root in own if root):
        raise NameProblem('own')


@functools.lru_cache(maxsize=1)
def _suffixes():
    """With the private part of the list: below github.io everybody is somebody else."""
    return PublicSuffixList()


def _plain(label):
    """Letters a to z, digits and single hyphens of a label; of one in another script its punycode."""
    text = unicodedata.normalize('NFKD', to_unicode(label).translate(LETTERS))
    kept = _joined(re.sub('[^a-z0-9-]', '', text.lower()))
    return kept if len(kept) > 1 or kept == label else _joined(label.removeprefix('xn--'))


def _joined(*words):
    label = re.sub('[^a-z0-9]+', '-', '-'.join(words)).strip('-')
    return label[:LONGEST_LABEL].rstrip('-')
