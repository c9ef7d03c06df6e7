"""Errors as Stripe words them."""
from . import cards


class ApiError(Exception):
    """``keeps``: what was done until then stays (a declined card leaves an attempt behind); otherwise nothing is."""

    def __init__(self, status, message, code='', param='', kind='invalid_request_error', headers=None, keeps=False,
                 **more):
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.kind = status, message, code, param, kind
        self.headers, self.keeps, self.more = headers or {}, keeps, more

    def body(self):
        error = {'message': self.message, 'type': self.kind, **self.more}
        if self.code:
            error.update(code=self.code, doc_url=f'https://docs.stripe.com/error-codes/{self.code.replace("_", "-")}')
        if self.param:
            error['param'] = self.param
        return {'error': error}


def card_refused(decline, **more):
    """402. ``decline``: the bank's code, see cards; ``more``: e.g. what is kept (``keeps``), or the payment_intent."""
    code, message = cards.DECLINES[decline]
    return ApiError(402, message, code, kind='card_error', decline_code=decline, **more)


def invalid(message, param='', code='', status=400, **more):
    return ApiError(status, message, code, param, **more)


def missing(param):
    return ApiError(400, f'Missing required param: {param}.', 'parameter_missing', param)


def unknown(param, others=()):
    several = 's' if others else ''
    return ApiError(400, f'Received unknown parameter{several}: {", ".join([param, *others])}', 'parameter_unknown', param)


def empty(param):
    return ApiError(400, f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a "
                         f"parameter; however '{param}' cannot be unset. You should remove '{param}' from your request "
                         'or supply a non-empty value.', 'parameter_invalid_empty', param)


def no_such(what, key, param='id', status=404):
    return ApiError(status, f"No such {what}: '{key}'", 'resource_missing', param)
