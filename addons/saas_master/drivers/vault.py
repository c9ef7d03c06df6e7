"""Secrets at rest, under keys that live outside the database. There is no default key."""
import os
import re
import stat

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .errors import Permanent

KEY_VARIABLE, FILE_VARIABLE = 'SAAS_SECRET_KEY', 'SAAS_SECRET_KEY_FILE'
REMEDY = (f'Set {KEY_VARIABLE}, or {FILE_VARIABLE} to a file of mode 600, to the key this database was used with; '
          'older keys may follow it, separated by commas or lines.')


class Vault:
    """Seals with the first key, opens with any: put a new key first, ``rotate`` what is stored, remove the old one."""

    def __init__(self, keys):
        if not keys:
            raise Permanent(f'No key for the stored secrets is configured. {REMEDY}')
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError):
            raise Permanent('A key for the stored secrets is malformed: each is 32 bytes in URL-safe base64, '
                            f'44 characters. {REMEDY}') from None      # the cause would show the key

    @classmethod
    def from_environment(cls):
        """The variable's keys, or else those of the file; Permanent when there are none to be had safely."""
        text = os.environ.get(KEY_VARIABLE) or _read(os.environ.get(FILE_VARIABLE))
        return cls([key for key in re.split(r'[\s,]+', text) if key])

    def seal(self, text):
        return self._fernet.encrypt(text.encode()).decode('ascii')

    def open(self, token):
        """The sealed text; Permanent when it was sealed with another key or is damaged."""
        try:
            return self._fernet.decrypt(_bytes(token)).decode()
        except InvalidToken:
            raise _unknown() from None

    def rotate(self, token):
        """The same secret, sealed with the first key."""
        try:
            return self._fernet.rotate(_bytes(token)).decode('ascii')
        except InvalidToken:
            raise _unknown() from None


def generate_key():
    return Fernet.generate_key().decode('ascii')


def _unknown():
    return Permanent(f'A stored secret was sealed with another key, or is damaged. {REMEDY}')


def _bytes(token):
    try:
        return token.encode('ascii')
    except UnicodeEncodeError:
        raise InvalidToken from None


def _read(path):
    if not path:
        return ''
    try:
        with open(path, encoding='ascii') as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Permanent(f'The key file {path} can be read by others: chmod 600 {path}')
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or 'it is not text'
        raise Permanent(f'The key file {path} cannot be read: {reason}. {REMEDY}') from None
