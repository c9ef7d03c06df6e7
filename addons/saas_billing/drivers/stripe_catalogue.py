"""Products, prices and customers: what is made once and mirrored."""
from . import stripe_parse as parse
from .stripe_words import language


class Catalogue:

    def make_product(self, key, name, description='', metadata=None):
        """:return: its id"""
        more = {'description': description} if description else {}
        found = self._ask('Making a product', self._v1.products.create, key=key, name=name, metadata=metadata or {}, **more)
        return parse.text(found, 'id')

    def change_product(self, product, name=None, description=None, active=None):
        """What is None stays as it is; an empty description takes it away."""
        values = {'name': name, 'description': description, 'active': active}
        self._ask('Changing a product', self._v1.products.update, product, **_given(values))

    def list_products(self):
        return (parse.product(found) for found in self._pages('Listing products', self._v1.products.list))

    def make_price(self, key, product, currency, unit_amount, interval, nickname='', metadata=None, tax_inclusive=None):
        """:param unit_amount: in the currency's smallest unit
        :param tax_inclusive: None leaves it to the account's setting
        :return: its id"""
        more = {'nickname': nickname} if nickname else {}
        if tax_inclusive is not None:
            more['tax_behavior'] = 'inclusive' if tax_inclusive else 'exclusive'
        found = self._ask(
            'Making a price', self._v1.prices.create, key=key, product=product, currency=currency.lower(),
            unit_amount=unit_amount, recurring={'interval': interval}, metadata=metadata or {}, **more)
        return parse.text(found, 'id')

    def archive_price(self, price):
        """It is sold no more; subscriptions that have it keep it."""
        self._ask('Archiving a price', self._v1.prices.update, price, active=False)

    def list_prices(self, product=''):
        """Archived ones too; to find again what an interrupted attempt made (by metadata)."""
        query = {'product': product} if product else {}
        return (parse.price(found) for found in self._pages('Listing prices', self._v1.prices.list, **query))

    def make_customer(self, key, name, email, locale='', metadata=None):
        """:return: its id"""
        found = self._ask('Making a customer', self._v1.customers.create, key=key, metadata=metadata or {},
                          **_customer({'name': name, 'email': email, 'locale': locale}))
        return parse.text(found, 'id')

    def change_customer(self, customer, **values):
        """``name``, ``email``, ``locale``, ``metadata``"""
        self._ask('Changing a customer', self._v1.customers.update, customer, **_customer(values))


def _customer(values):
    values = _given(values)
    locale = language(values.pop('locale', ''))
    if locale != 'auto':
        values['preferred_locales'] = [locale]
    return {name: value for name, value in values.items() if value != ''}


def _given(values):
    return {name: value for name, value in values.items() if value is not None}
