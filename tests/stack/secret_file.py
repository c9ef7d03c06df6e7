"""The one file with secrets. Every one is generated; none has a default."""
import base64
import hashlib
import os
import secrets

_GENERATORS = {
    'POSTGRES_PASSWORD': lambda: secrets.token_urlsafe(24),
    'MASTER_DB_PASSWORD': lambda: secrets.token_urlsafe(24),
    'TENANT_DB_PASSWORD': lambda: secrets.token_urlsafe(24),
    'MASTER_DB_MANAGER_PASSWORD': lambda: secrets.token_urlsafe(24),
    'TENANT_DB_MANAGER_PASSWORD': lambda: secrets.token_urlsafe(24),
    'ADMIN_PASSWORD': lambda: secrets.token_urlsafe(12),
    'CLOUDFLARE_SANDBOX_TOKEN': lambda: secrets.token_urlsafe(30),
    'STRIPE_SANDBOX_KEY': lambda: f'sk_test_{secrets.token_hex(24)}',
    'STRIPE_SANDBOX_WEBHOOK_SECRET': lambda: f'whsec_{secrets.token_hex(24)}',
    'PVE_SANDBOX_SECRET': lambda: secrets.token_hex(16),
    'SAAS_SECRET_KEY': lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
}


def load(path):
    """Read the secrets, generating those that are missing."""
    found = _parse(path.read_text()) if path.exists() else {}
    missing = {name: make() for name, make in _GENERATORS.items() if name not in found}
    if missing:
        found.update(missing)
        _write(path, found)
    return found


def _parse(text):
    lines = (line.partition('=') for line in text.splitlines() if line.strip() and not line.startswith('#'))
    return {name.strip(): value.strip() for name, _, value in lines}


def _write(path, values):
    temporary = path.with_suffix('.new')
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as file:
        file.write('# Generated for this stack alone; `make clean` removes them.\n')
        file.writelines(f'{name}={value}\n' for name, value in values.items())
    temporary.replace(path)


def odoo_hash(password, rounds=25000):
    """The form in which Odoo's configuration takes the database manager's password without knowing it (passlib's
    pbkdf2_sha512)."""
    salt = hashlib.sha256(b'saas' + password.encode()).digest()[:16]  # the same each time: a changed file restarts Odoo
    digest = hashlib.pbkdf2_hmac('sha512', password.encode(), salt, rounds)
    return f'$pbkdf2-sha512${rounds}${_ab64(salt)}${_ab64(digest)}'


def _ab64(data):
    return base64.b64encode(data).decode().rstrip('=').replace('+', '.')
