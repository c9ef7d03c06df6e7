"""Cloudflare's own error pages: the number is in the body, as for visitors."""
STATUS = {1001: 409, 1014: 403, 1016: 530, 1033: 530, 502: 502, 413: 413, 400: 400}
TITLES = {
    1001: 'DNS resolution error', 1014: 'CNAME Cross-User Banned', 1016: 'Origin DNS error', 1033: 'Argo Tunnel error',
    502: 'Bad gateway', 413: 'Payload too large', 400: 'Bad request',
}
RETRY_AFTER = {1033: '120'}


def page(number, why=''):
    """(status, headers, body). ``why`` is this sandbox's word for whoever wonders; Cloudflare says less."""
    title = TITLES[number]
    body = (f'<!DOCTYPE html>\n<html><head><title>{title} | Cloudflare</title></head>\n<body><h1>Error {number}</h1>'
            f'<h2>{title}</h2>\n<p>error code: {number}</p>\n<!-- sandbox: {why.replace("--", "- -")} -->\n</body></html>\n')
    headers = {'Content-Type': 'text/html; charset=UTF-8', 'Server': 'cloudflare', 'Cache-Control': 'no-store'}
    if number in RETRY_AFTER:
        headers['Retry-After'] = RETRY_AFTER[number]
    return STATUS[number], headers, body.encode()
