"""Deliveries of events: whether they are Stripe's, what they are about, and what of them may be kept.

The header: ``Stripe-Signature: t=<seconds since 1970>,v1=<hex>[,v1=<hex>]``. A ``v1`` is HMAC-SHA256 with the endpoint's
secret over ``<t>.`` and the raw body. While a secret is being rolled there are several of either side, and any pair will do.
"""
import functools
import hashlib
import hmac
import json
import re
import time

from . import stripe_parse

TOLERANCE = 300         # seconds a signature may be old, or a clock may be ahead
LONGEST_HEADER = 8192
CODES = ('no_secret', 'no_signature', 'malformed', 'stale', 'future', 'wrong')

# What nobody needs here, wherever it stands in an event: cards and other means of payment, people, and what opens pages.
UNWANTED = re.compile(
    'card|card_.*|bank_account|payment_method_details|payment_method_options|payment_method_data|payment_details'
    '|billing_details|customer_details|collected_information|source|sources|mandate_.*|last4|fingerprint|iban|iin'
    '|.*client_secret|confirmation_secret|secret|next_action|last_payment_error|last_setup_error|charges'
    '|(?:.*_)?address(?:es)?|address_.*|(?:.*_)?shipping|shipping_details|(?:.*_)?email|(?:.*_)?phone|receipt_number'
    '|customer_name|individual_name|business_name|(?:customer_)?tax_ids?|custom_fields|ip|user_agent'
    '|url|(?:.*_)?invoice_url|invoice_pdf|receipt_url|hosted_.*_url')
# Of these only the skeleton is kept: everything else in them is about a person or a means of payment.
PRIVATE = ('customer', 'payment_method', 'source', 'card', 'bank_account', 'tax_id', 'mandate', 'charge', 'person',
           'setup_attempt', 'token')
SKELETON = ('id', 'object', 'type', 'created', 'livemode', 'customer', 'deleted', 'status', 'amount', 'currency', 'metadata')


class Refused(Exception):
    """This delivery is not accepted. ``code``: one of ``CODES``."""

    def __init__(self, code):
        super().__init__(f'delivery refused: {code}')
        self.code = code


def verify(body, header, secrets, now=None):
    """That ``body`` was signed by Stripe within the last five minutes.

    :param body: the very bytes that came
    :param header: Stripe-Signature, None without one
    :param secrets: signing secrets of which any will do
    :param now: seconds since 1970
    :return: the secret that fits
    :raises Refused: otherwise; always where there is no secret
    """
    secrets = [secret for secret in secrets or () if secret]
    if not secrets:
        raise Refused('no_secret')
    if not (header or '').strip():
        raise Refused('no_signature')
    moment, signatures = _parts(header)
    found = [secret for secret in secrets if _fits(secret, b'%s.' % moment.encode() + body, signatures)]
    if not found:
        raise Refused('wrong')
    age = (time.time() if now is None else now) - int(moment)
    if age > TOLERANCE:
        raise Refused('stale')
    if age < -TOLERANCE:
        raise Refused('future')
    return found[0]


def parse(body):
    """The ``Event`` of a body that was verified.

    :raises Refused: malformed
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused('malformed') from None
    found = stripe_parse.event(content, body)
    if found is None:
        raise Refused('malformed')
    return found


def without_cards(body):
    """A body as JSON text without what ``UNWANTED`` and ``PRIVATE`` name; '' of what is no JSON."""
    try:
        content = json.loads(body)
        if stripe_parse.text(stripe_parse.inner(content, 'data', 'object'), 'object') in PRIVATE:
            content['data'] = {'object': content['data']['object']}     # what it was before is as private
        return json.dumps(_cleaned(content), ensure_ascii=False, separators=(',', ':'))
    except (ValueError, RecursionError):
        return ''


def _parts(header):
    """(time as it stands there, signatures as bytes); every ``v1`` counts."""
    pairs = [part.strip().partition('=')[::2] for part in header[:LONGEST_HEADER].split(',')]
    moments = [value for name, value in pairs if name == 't']
    signatures = [value.encode('utf-8', 'replace') for name, value in pairs if name == 'v1' and value]
    if len(moments) != 1 or not re.fullmatch('[0-9]{1,12}', moments[0]) or not signatures:
        raise Refused('malformed')
    return moments[0], signatures


def _fits(secret, signed, signatures):
    """Each is compared to its end, so that time tells nothing."""
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
    return any([hmac.compare_digest(wanted, signature) for signature in signatures])


@functools.lru_cache(maxsize=4096)
def _is_unwanted(name):
    """Remembered: all events have the same names, and Stripe waits for the answer."""
    return bool(UNWANTED.fullmatch(name))


def _cleaned(value):
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get('object') in PRIVATE:
        value = {name: value[name] for name in SKELETON if name in value}
    return {name: _cleaned(item) for name, item in value.items() if not _is_unwanted(name)}
