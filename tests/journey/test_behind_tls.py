"""What the master adds to its answers when its proxy says that the visitor came by TLS."""
import requests

TLS = {'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'saas.example.com', 'X-Forwarded-For': '192.0.2.1'}


def ask(world, headers):
    """The master itself, where only its proxy asks."""
    address = f'http://127.0.0.1:{world.stack.settings.ports.master}/web/login'
    with requests.Session() as session:
        session.trust_env = False
        return session.get(address, headers=headers, timeout=60)


def session_cookie(response):
    cookies = response.raw.headers.getlist('Set-Cookie')
    return next(cookie for cookie in cookies if cookie.startswith('session_id='))


def test_behind_tls_browsers_never_come_without(world):
    secure = ask(world, TLS)
    assert secure.status_code == 200
    assert 'max-age=' in secure.headers['Strict-Transport-Security']
    assert '; Secure' in session_cookie(secure)
    plain = ask(world, {})
    assert 'Strict-Transport-Security' not in plain.headers
    assert '; Secure' not in session_cookie(plain)
    for answer in (secure, plain):
        assert 'HttpOnly' in session_cookie(answer) and 'SameSite=Lax' in session_cookie(answer)
