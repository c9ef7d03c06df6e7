"""What strangers type into the website, and where they come from. Plain Python.

Text arrives decoded: bytes that were no UTF-8 have become U+FFFD, or %XX in later versions of werkzeug. Names refuse both.
"""
import ipaddress
import re
import unicodedata

JOINERS = '\u200c\u200d'        # invisible, but part of words in several scripts
UNREADABLE = ('Cc', 'Cf', 'Cn', 'Co', 'Cs', 'Zl', 'Zp')
ADVERTISING = re.compile(r'://|www\.|[<>]', re.IGNORECASE)
UNDECODED = re.compile('\ufffd|%[89A-F][0-9A-F]')
EMAIL = re.compile(r'[a-z0-9_%+-]+(\.[a-z0-9_%+-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}')
LOCAL_LENGTH = 64


def clean(value):
    """The text as it is stored: composed, without surrounding or repeated blanks; '' for what is no text."""
    if not isinstance(value, str):      # a file sent under the name of a field
        return ''
    return re.sub(' +', ' ', unicodedata.normalize('NFC', value)).strip(' ')


def is_readable(text):
    """Whether there is a letter or digit in it, and nothing invisible, undecodable or reordering."""
    visible = all(char in JOINERS or unicodedata.category(char) not in UNREADABLE for char in text)
    return visible and not UNDECODED.search(text) and any(char.isalnum() for char in text)


def is_name(text):
    """A readable text without a link: our mail to an unconfirmed address must not carry a stranger's advertisement."""
    return is_readable(text) and not ADVERTISING.search(text)


def is_email(text):
    """A lower-case address as mail servers take it (RFC 5321 without quoted and non-ASCII local parts)."""
    return bool(EMAIL.fullmatch(text)) and len(text.partition('@')[0]) <= LOCAL_LENGTH


def stem(company, length=30):
    """Letters, digits and hyphens made of a company's name; '' when nothing of it is ASCII."""
    plain = unicodedata.normalize('NFKD', company).encode('ascii', 'ignore').decode().lower()
    return re.sub('[^a-z0-9]+', '-', plain).strip('-')[:length].strip('-')


def network(address):
    """Who counts as one visitor: an IPv4 address, or the /64 that a customer has to himself in IPv6."""
    try:
        ip = ipaddress.ip_address(address or '')
    except ValueError:
        return 'unknown'
    ip = getattr(ip, 'ipv4_mapped', None) or ip
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
