"""``python -m tests.fakes.stripe``: the sandbox as a process. Key and signing secret come from the environment, never
from the command line, where others could read them."""
import argparse
import os
import signal
import sys

from . import FakeStripe
from .world import SETTINGS

KEY, SECRET = 'STRIPE_SANDBOX_KEY', 'STRIPE_SANDBOX_WEBHOOK_SECRET'      # variables
SETTABLE = [name for name, value in SETTINGS.items() if type(value) in (str, int, float)]


def main(argv=None):
    options = _parser().parse_args(argv)
    settings = dict(_setting(text) for text in options.set)
    key = os.environ.get(KEY, '')
    if not key.startswith('sk_test_'):
        sys.exit(f'{KEY} has to hold the secret key of this sandbox: sk_test_ and more')
    fake = FakeStripe(options.state, options.port, key, options.public_url, **settings)
    if options.webhook and os.environ.get(SECRET):
        fake.add_webhook(options.webhook, os.environ[SECRET])
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)      # before there are threads, which would take them otherwise
    fake.start()
    print(f'API and hosted pages {fake.url}', flush=True)
    signal.sigwait(ends)
    fake.stop()


def _parser():
    parser = argparse.ArgumentParser(prog='python -m tests.fakes.stripe', description=__doc__)
    parser.add_argument('--port', type=int, default=8085, help='of the API and the hosted pages')
    parser.add_argument('--state', help='file that keeps everything over a restart')
    parser.add_argument('--webhook', help=f'an endpoint for all events, from the beginning; its secret is in {SECRET}')
    parser.add_argument('--public-url', default='', help='where browsers find the hosted pages, if not at the port')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE',
                        help=f'one of {", ".join(SETTABLE)}')
    return parser


def _setting(text):
    name, _, value = text.partition('=')
    if name not in SETTABLE:
        sys.exit(f'--set {text}: there is no setting {name}')
    return name, type(SETTINGS[name])(value)


if __name__ == '__main__':
    main()
