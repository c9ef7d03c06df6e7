"""Invoices. Stripe makes, sends and collects them; they are read here, and paid again when a person asks for it."""
from itertools import islice

from . import stripe_parse as parse
from .stripe_errors import Permanent


class Invoices:

    def read_invoice(self, invoice):
        """:return: an ``Invoice``"""
        return parse.invoice(self._ask('Reading an invoice', self._v1.invoices.retrieve, invoice))

    def list_invoices(self, subscription, limit=24):
        """The newest ones, as a list."""
        found = self._pages('Listing invoices', self._v1.invoices.list, subscription=subscription, limit=min(limit, 100))
        return [parse.invoice(row) for row in islice(found, limit)]

    def pay_invoice(self, invoice):
        """Collect it now, with the customer's card; one that is paid already is given back as it is.

        :raises Permanent: stripe_card: declined
        """
        try:
            return parse.invoice(self._ask('Paying an invoice', self._v1.invoices.pay, invoice))
        except Permanent as error:
            if error.problem != 'stripe_refused':
                raise
            found = self.read_invoice(invoice)
            if found.status != 'paid':
                raise
            return found
