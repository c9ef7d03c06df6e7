"""The envelope in which the API answers, and the errors it answers with."""
import json


class ApiError(Exception):
    """``chain``: pairs (code, message) of what lies beneath."""

    def __init__(self, status, code, message, chain=(), headers=None):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.chain, self.headers = chain, headers or {}

    def body(self):
        error = {'code': self.code, 'message': self.message}
        if self.chain:
            error['error_chain'] = [{'code': code, 'message': message} for code, message in self.chain]
        return {'success': False, 'errors': [error], 'messages': [], 'result': None}


class Answer:
    """``result`` goes into the envelope; ``bare`` is answered without one."""

    def __init__(self, result=None, status=200, info=None, messages=(), bare=None):
        self.result, self.status, self.info, self.messages, self.bare = result, status, info, messages, bare

    def body(self):
        if self.bare is not None:
            return self.bare
        body = {'success': True, 'errors': [], 'messages': list(self.messages), 'result': self.result}
        return {**body, 'result_info': self.info} if self.info else body


def encoded(body):
    return json.dumps(body).encode()


def page_of(rows, query, default, least, most, cap=None):
    """The part of ``rows`` that was asked for. ``cap``: give no more a page, whatever is asked."""
    page, size = _number(query, 'page', 1, 1, 10**9), _number(query, 'per_page', default, least, most)
    size = min(size, cap or size)
    part = rows[(page - 1) * size:page * size]
    pages = -(-len(rows) // size)
    return Answer(part, info={'page': page, 'per_page': size, 'count': len(part), 'total_count': len(rows),
                              'total_pages': pages})


def _number(query, name, default, least, most):
    text = query.get(name)
    if text is None:
        return default
    if not text.isdigit() or not least <= int(text) <= most:
        raise ApiError(400, 1004, f'{name} must be a number between {least} and {most}')
    return int(text)
