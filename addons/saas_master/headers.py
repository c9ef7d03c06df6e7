"""Headers that tell browsers what our pages may do. Plain Python."""
import base64
import hashlib
import re

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
ASSET_HANDLER = b'__odooAssetError=1'       # what Odoo puts into the onerror of each of its script elements
ASSET_HASH = base64.b64encode(hashlib.sha256(ASSET_HANDLER).digest()).decode()
FONTS = ['https://fonts.googleapis.com', 'https://fonts.gstatic.com']       # what Odoo's website themes load
COMMON = {
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'SAMEORIGIN',
}
HSTS = 'max-age=31536000'
OWN_FEATURES = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(self), usb=()'
ODOO_FEATURES = 'camera=(self), display-capture=(self), geolocation=(self), microphone=(self), payment=(self), usb=(self)'
SOURCE = re.compile(r'(https|wss)://(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{1,5})?')
EXTENDED = ('script-src', 'style-src', 'img-src', 'font-src', 'connect-src', 'frame-src', 'media-src', 'form-action')
OWN_PAGES = re.compile(r'(/[a-z]{2}([_-][A-Za-z0-9@_]+)?)?/(saas|my/tenants|my/people|my/billing|api/docs)(/.*)?')


def is_own(path):
    """Whether it is a page whose scripts are all ours to vouch for."""
    return bool(OWN_PAGES.fullmatch(path))


def sources(text):
    """(addresses to add, words that are none) of what a person typed."""
    words = re.split(r'[\s,;]+', text or '')
    good = [word for word in words if SOURCE.fullmatch(word)]
    return good, [word for word in words if word and word not in good]


def directives(nonce=None):
    """The policy of a page as {directive: [source]}.

    With a ``nonce``: inline scripts that carry it and no others (one handler of Odoo's is known by its hash). Odoo's
    templates in the browser (OWL) are compiled there, which is 'unsafe-eval', and its pages are full of style
    attributes, which is 'unsafe-inline' of styles.
    Without: the backend and pages that people build, with their own scripts, pictures and videos.
    """
    foreign = [] if nonce else ['https:']
    inline = [f"'nonce-{nonce}'", "'unsafe-hashes'", f"'sha256-{ASSET_HASH}'"] if nonce else ["'unsafe-inline'"]
    return {
        'default-src': ["'self'"],
        'script-src': ["'self'", *inline, "'unsafe-eval'"],
        'style-src': ["'self'", "'unsafe-inline'", *FONTS],
        'img-src': ["'self'", 'data:', 'blob:', *foreign],
        'font-src': ["'self'", 'data:', *FONTS],
        'connect-src': ["'self'"],
        'frame-src': ["'self'", *(['blob:', 'data:'] if foreign else []), *foreign],
        'media-src': ["'self'", 'blob:', 'data:', *foreign],
        'worker-src': ["'self'", 'blob:'],
        'object-src': ["'none'"],
        'base-uri': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'self'"],
    }


def policy(rules, more=()):
    """The header's text; ``more`` is what staff have added."""
    return '; '.join(
        ' '.join([directive, *values, *(more if directive in EXTENDED else ())]) for directive, values in rules.items())


def harden_cookie(cookie, is_secure):
    """A Set-Cookie line, sent neither by other sites' forms nor, where there is TLS, without it."""
    attributes = {part.strip().partition('=')[0].lower() for part in cookie.split(';')[1:]}
    lax = '' if 'samesite' in attributes else '; SameSite=Lax'
    secure = '; Secure' if is_secure and 'secure' not in attributes else ''
    return cookie + lax + secure
