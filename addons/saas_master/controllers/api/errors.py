"""What is answered instead of a result: ``{"error": {"code", "message", "details"}}``."""
from psycopg2.errors import UniqueViolation
from werkzeug.exceptions import HTTPException

from odoo.exceptions import AccessDenied, AccessError, MissingError, UserError, ValidationError

from ...limits import LimitReached
from ...models.saas_rate import RateLimited
from ...step_up import StepUpRequired
from .texts import _lt

# code: (status, message). A code is for programs and never changes; the message is for people.
CODES = {
    'invalid_json': (400, _lt('The body is not one JSON object in UTF-8.')),
    'token_required': (401, _lt('Token required')),
    'invalid_credentials': (401, _lt('E-mail or password are wrong.')),
    'totp_required': (401, _lt('Send the present code of your second factor as "totp" as well.')),
    'invalid_totp': (401, _lt('This code is not the present one, or it was used already.')),
    'invalid_api_key': (401, _lt('Invalid API key')),
    'forbidden': (403, _lt('You may not do this.')),
    'insufficient_scope': (403, _lt('The scope of this API key does not reach so far.')),
    'session_required': (403, _lt('Only a person who is logged in can do this, not an API key.')),
    'step_up_required': (403, _lt('Confirm first that it is you.')),
    'cross_site': (403, _lt('Requests of other websites are refused.')),
    'not_found': (404, _lt('There is nothing here by this name.')),
    'method_not_allowed': (405, _lt('This address does not take this method.')),
    'conflict': (409, _lt('This cannot be done now.')),
    'limit_reached': (409, _lt('The plan allows no more of these.')),
    'name_taken': (409, _lt('This name is taken. Choose another one.')),
    'ambiguous': (409, _lt('There are several by this name. Say whose you mean.')),
    'changes_held': (409, _lt('So much would change that a person has to look at it first and allow it in the backend.')),
    'length_required': (411, _lt('Send the body with its Content-Length.')),
    'too_large': (413, _lt('The body is larger than 1 MiB.')),
    'unsupported_media_type': (415, _lt('Send the header "Content-Type: application/json".')),
    'validation_error': (422, _lt('Some of what was sent is not as it has to be.')),
    'idempotency_key_reused': (422, _lt('This Idempotency-Key was sent with another request before.')),
    'rate_limited': (429, _lt('Too many requests.')),
    'internal_error': (500, _lt('Something went wrong on our side. It was logged.')),
    'unavailable': (502, _lt('The service does not answer at the moment.')),       # said by the router
}
HINTS = {
    'token_required': _lt("Log in at /api/auth/login; scripts in a browser call fetch with credentials: 'same-origin'."),
    'invalid_api_key': _lt('Send a valid key in the header X-API-KEY.'),
    'not_found': _lt('All addresses are listed at /api/docs.'),
    'rate_limited': _lt('Try again after the seconds in the header Retry-After.'),
    'unavailable': _lt('Try again after the seconds in the header Retry-After.'),
}


class ApiError(HTTPException):
    """Ends a request with one of CODES; whatever was written so far is rolled back.

    ``message`` is in the caller's language already; without it the code's own is translated. ``details`` is a dict
    or a list that JSON can hold.
    """

    def __init__(self, error, message=None, details=None, headers=()):
        super().__init__(message or CODES[error][1])
        self.error, self.message, self.details, self.headers = error, message, details, dict(headers)
        self.code = CODES[error][0]

    def content(self, translate):
        hint = HINTS.get(self.error)
        details = self.details if self.details is not None else {}
        if hint and isinstance(details, dict):
            details = {**details, 'hint': translate(hint)}
        message = self.message or translate(CODES[self.error][1])
        return {'error': {'code': self.error, 'message': message, 'details': details}}


def explain(problem):
    """The ApiError for what Odoo or our models raised; None for what nobody foresaw."""
    if isinstance(problem, ApiError):
        return problem
    if isinstance(problem, RateLimited):
        return ApiError('rate_limited', details={'retry_after': problem.retry_after},
                        headers={'Retry-After': str(problem.retry_after)})
    if isinstance(problem, StepUpRequired):
        return ApiError('step_up_required', str(problem), {'kind': problem.kind})
    if isinstance(problem, LimitReached):
        return ApiError('limit_reached', str(problem), {'count': problem.count, 'limit': problem.limit})
    if isinstance(problem, ValidationError) and isinstance(problem.__cause__, UniqueViolation):
        return ApiError('conflict', str(problem))
    error = next((error for kinds, error in KINDS if isinstance(problem, kinds)), None)
    return ApiError(error, str(problem) if error in SPEAKING else None) if error else _by_status(problem)


KINDS = (
    (MissingError, 'not_found'), ((AccessDenied, AccessError), 'forbidden'),
    (ValidationError, 'validation_error'), (UserError, 'conflict'))
SPEAKING = ('validation_error', 'conflict')     # what Odoo says of access names models and groups: not for strangers
STATUSES = {404: 'not_found', 405: 'method_not_allowed', 413: 'too_large', 415: 'unsupported_media_type'}


def _by_status(problem):
    error = STATUSES.get(problem.code) if isinstance(problem, HTTPException) else None
    return ApiError(error) if error else None
