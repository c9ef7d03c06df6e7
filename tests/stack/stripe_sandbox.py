"""The stack's Stripe, until real keys are entered: ``tests/fakes/stripe`` as a process."""
from functools import cached_property

from tests.fakes.stripe.control import Control

from .ports import LOOPBACK
from .sandbox import Sandbox


class StripeSandbox(Sandbox):
    """API and hosted pages on one port; it calls the master by the address people use. Key and signing secret are the stack's."""

    name, title, ports = 'stripe', 'the Stripe sandbox', ('stripe',)

    @property
    def api_base(self):
        """``localhost``: a browser comes to the hosted pages by the same address."""
        return f'http://localhost:{self.settings.ports.stripe}'

    @property
    def webhook_url(self):
        return f'{self.settings.url}/saas/stripe/webhook'

    @property
    def key(self):
        return self._secrets()['STRIPE_SANDBOX_KEY']

    @property
    def signing_secret(self):
        return self._secrets()['STRIPE_SANDBOX_WEBHOOK_SECRET']

    @cached_property
    def control(self):
        """What goes on outside the API's rules: see ``tests/fakes/stripe/admin.py``."""
        return Control(f'http://{LOOPBACK}:{self.settings.ports.stripe}')

    def arguments(self):
        return ['--port', self.settings.ports.stripe, '--state', self.settings.state / 'stripe.json',
                '--webhook', self.webhook_url, '--public-url', self.api_base]

    def environment(self):
        return {'STRIPE_SANDBOX_KEY': self.key, 'STRIPE_SANDBOX_WEBHOOK_SECRET': self.signing_secret}
