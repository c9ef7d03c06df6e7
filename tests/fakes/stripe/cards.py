"""Stripe's test numbers and what each of them does. A number itself is never kept: its kind and last digits are."""
import hashlib
import time

OK, LATER, SET_UP, ALWAYS = 'ok', 'later', 'authenticate_unless_set_up', 'authenticate'

NUMBERS = {
    '4242424242424242': ('visa', OK), '4000056655665556': ('visa', OK), '5555555555554444': ('mastercard', OK),
    '378282246310005': ('amex', OK), '4000007240000007': ('visa', OK), '4000004840008001': ('visa', OK),
    '4000000000000002': ('visa', 'generic_decline'), '4000000000009995': ('visa', 'insufficient_funds'),
    '4000000000009987': ('visa', 'lost_card'), '4000000000009979': ('visa', 'stolen_card'),
    '4000000000000069': ('visa', 'expired_card'), '4000000000000127': ('visa', 'incorrect_cvc'),
    '4000000000000119': ('visa', 'processing_error'), '4000000000000341': ('visa', LATER),
    '4000002500003155': ('visa', SET_UP), '4000002760003184': ('visa', ALWAYS), '4000000000003220': ('visa', ALWAYS),
}
TOKENS = {
    'visa': '4242424242424242', 'mastercard': '5555555555554444', 'amex': '378282246310005',
    'chargeDeclined': '4000000000000002', 'visa_chargeDeclined': '4000000000000002',
    'chargeDeclinedInsufficientFunds': '4000000000009995', 'visa_chargeDeclinedInsufficientFunds': '4000000000009995',
    'chargeDeclinedExpiredCard': '4000000000000069', 'chargeCustomerFail': '4000000000000341',
    'authenticationRequiredOnSetup': '4000002500003155', 'authenticationRequired': '4000002760003184',
    'threeDSecure2Required': '4000000000003220',
}
DECLINES = {        # decline code -> (error code, message)
    'generic_decline': ('card_declined', 'Your card was declined.'),
    'insufficient_funds': ('card_declined', 'Your card has insufficient funds.'),
    'lost_card': ('card_declined', 'Your card was declined.'),
    'stolen_card': ('card_declined', 'Your card was declined.'),
    'expired_card': ('expired_card', 'Your card has expired.'),
    'incorrect_cvc': ('incorrect_cvc', "Your card's security code is incorrect."),
    'processing_error': ('processing_error', 'An error occurred while processing your card. Try again in a little bit.'),
    'test_mode_live_card': ('card_declined', 'Your card was declined. Your request was in test mode, but used a non test '
                            'card. For a list of valid test cards, visit: https://stripe.com/docs/testing.'),
    'authentication_required': ('authentication_required',
                                'Your card was declined. This transaction requires authentication.'),
}


def number_of_token(text):
    """``pm_card_visa``, ``tok_visa``: cards that exist in every sandbox."""
    for prefix in ('pm_card_', 'tok_'):
        if text.startswith(prefix):
            return TOKENS.get(text.removeprefix(prefix))
    return None


def digits_of(text):
    return ''.join(char for char in text if char.isdigit())


def is_number(digits):
    """What a form finds out by itself: length and check digit."""
    if not 13 <= len(digits) <= 19:
        return False
    twice = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in twice) % 10 == 0


def kind_of(digits):
    return NUMBERS.get(digits, ('visa', 'test_mode_live_card'))[1]


def card_of(digits, month=12, year=None):
    """The ``card`` of a payment method."""
    brand = NUMBERS.get(digits, ('visa', ''))[0]
    return {
        'brand': brand, 'checks': {'address_line1_check': None, 'address_postal_code_check': None, 'cvc_check': 'pass'},
        'country': 'US', 'display_brand': brand, 'exp_month': month, 'exp_year': year or time.gmtime().tm_year + 4,
        'fingerprint': hashlib.sha256(digits.encode()).hexdigest()[:16], 'funding': 'credit', 'generated_from': None,
        'last4': digits[-4:], 'networks': {'available': [brand], 'preferred': None},
        'regulated_status': 'unregulated', 'three_d_secure_usage': {'supported': True}, 'wallet': None}


def outcome(kind, set_up, on_session, authenticated=False):
    """'' it is paid; ``authenticate``: its holder has to; else the decline code."""
    if kind == LATER:
        return 'generic_decline'
    if authenticated or kind == OK or (kind == SET_UP and set_up):
        return ''
    if kind in (SET_UP, ALWAYS):
        return 'authenticate' if on_session else 'authentication_required'
    return kind


def setup_outcome(kind, authenticated=False):
    """The same where a card is kept and nothing is charged: 0341 is good, until it is charged."""
    return '' if kind in (OK, LATER) or authenticated and kind in (SET_UP, ALWAYS) else (
        'authenticate' if kind in (SET_UP, ALWAYS) else kind)
