"""What the stack has mailed: the catcher's files, read."""
import email
import email.policy
import html
import re
import time

from .ports import LOOPBACK, answers
from .processes import Service
from .report import Problem
from .settings import CHECKOUT

_CATCHER = CHECKOUT / 'tests/stack/inside/mail_catcher.py'


def service(settings, python):
    port = settings.ports.smtp
    argv = [python, _CATCHER, port, settings.state / 'mail']
    return Service('mail', settings.state, argv, fingerprint=f'{python} {port}')


def is_ready(settings):
    return answers(settings.ports.smtp)


def messages(state):
    """Every caught message, oldest first, as ``email.message.EmailMessage``."""
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted((state / 'mail').glob('*.eml'))]


def wait_for(state, to, subject='', seconds=30):
    """The newest message to an address whose subject contains some text."""
    end = time.monotonic() + seconds
    while True:
        for message in reversed(messages(state)):
            if to in message['X-Envelope-To'] and subject in message['Subject']:
                return message
        if time.monotonic() > end:
            raise Problem(f'No mail {f"about “{subject}” " if subject else ""}to {to} after {seconds} s; '
                          '`make mail` shows what came and `make logs` why others did not.')
        time.sleep(0.05)


def text(message):
    """The message's words: its plain part, else its HTML without tags but with the addresses of links."""
    part = message.get_body(('plain', 'html'))
    if part is None:
        return ''
    content = part.get_content()
    if part.get_content_subtype() != 'html':
        return content
    content = re.sub(r'(?is)<(style|script|head).*?</\1>', '', content)
    content = re.sub(r'(?is)<a\b[^>]*?href="([^"]+)"[^>]*>(.*?)</a>', r'\2 <\1>', content)
    content = re.sub(r'(?i)<br\s*/?>|</(p|div|tr|h\d|li)>', '\n', content)
    content = re.sub(r'<(?!https?:|mailto:)[^>]+>', '', content)
    return re.sub(r'\s*\n\s*', '\n', re.sub(r'[ \t\xa0]+', ' ', html.unescape(content))).strip()


def show(state):
    """All messages in a readable form."""
    kept = messages(state)
    for number, message in enumerate(kept, 1):
        yield f'--- {number} of {len(kept)}  {message["Date"]}'
        yield f'From: {message["From"]}\nTo: {message["X-Envelope-To"]}\nSubject: {message["Subject"]}\n'
        yield text(message) + '\n'
    if not kept:
        yield f'No mail yet. The stack sends to {LOOPBACK}; sign up or reset a password and look again.'
