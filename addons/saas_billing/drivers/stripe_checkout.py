"""Pages that Stripe hosts: the payment page and the customer portal."""
from . import stripe_parse as parse
from .stripe_errors import Permanent
from .stripe_words import FEEDBACK, language


class Pages:

    def make_checkout(self, order):
        """A payment page. The same order and attempt is the same page; Stripe makes the subscription when it is paid.

        :param order: a ``CheckoutOrder``
        :return: a ``Checkout``
        """
        params = {
            'mode': 'subscription', 'customer': order.customer, 'client_reference_id': order.key,
            'line_items': [{'price': price, 'quantity': quantity} for price, quantity in order.lines],
            'success_url': order.success_url, 'cancel_url': order.cancel_url,
            'locale': language(order.locale), 'metadata': order.metadata,
            'payment_method_collection': 'always' if order.card_always else 'if_required',
            'subscription_data': _subscription_data(order)}
        if order.expires_at:        # else Stripe's own, a day
            params['expires_at'] = parse.seconds(order.expires_at)
        if order.promotion_codes:
            params['allow_promotion_codes'] = True
        if order.automatic_tax:     # which needs the address, and a number goes with the name
            params.update(automatic_tax={'enabled': True}, customer_update={'address': 'auto', 'name': 'auto'},
                          tax_id_collection={'enabled': True})
        key = f'checkout-{order.key}-{order.attempt}'
        return parse.checkout(self._ask('Making a payment page', self._v1.checkout.sessions.create, key=key, **params))

    def read_checkout(self, checkout):
        return parse.checkout(self._ask('Reading a payment page', self._v1.checkout.sessions.retrieve, checkout))

    def expire_checkout(self, checkout):
        """Nobody can pay there any more; one that is over already is given back as it is."""
        try:
            return parse.checkout(self._ask('Closing a payment page', self._v1.checkout.sessions.expire, checkout))
        except Permanent:
            found = self.read_checkout(checkout)
            if found.status == 'open':
                raise
            return found

    def portal_url(self, customer, return_url, configuration='', flow='', subscription='', locale='auto'):
        """A link into the customer portal, good for some minutes and for one person.

        :param flow: '' for its first page, payment_method_update, or subscription_cancel (of ``subscription``)
        """
        params = {'customer': customer, 'return_url': return_url, 'locale': language(locale)}
        if configuration:
            params['configuration'] = configuration
        if flow:
            params['flow_data'] = _flow(flow, return_url, subscription)
        found = self._ask('Opening the customer portal', self._v1.billing_portal.sessions.create, **params)
        return parse.text(found, 'url')

    def make_portal_configuration(self, key, headline='', privacy_url='', terms_url=''):
        """Cards, invoices, and cancelling at the period's end with a reason. Plans are changed here, where limits are checked.

        :return: its id
        """
        profile = {'headline': headline, 'privacy_policy_url': privacy_url, 'terms_of_service_url': terms_url}
        found = self._ask(
            'Setting up the customer portal', self._v1.billing_portal.configurations.create, key=key,
            business_profile={name: value for name, value in profile.items() if value}, features={
                'customer_update': {'enabled': True, 'allowed_updates': ['name', 'address', 'tax_id']},
                'invoice_history': {'enabled': True},
                'payment_method_update': {'enabled': True},
                'subscription_cancel': {
                    'enabled': True, 'mode': 'at_period_end',
                    'cancellation_reason': {'enabled': True, 'options': list(FEEDBACK)}},
                'subscription_update': {'enabled': False}})
        return parse.text(found, 'id')


def _subscription_data(order):
    data = {'metadata': order.metadata}
    if order.trial_days:
        data['trial_period_days'] = order.trial_days
    if order.trial_days and not order.card_always:      # over without a card: closed until there is one, not ended
        data['trial_settings'] = {'end_behavior': {'missing_payment_method': 'pause'}}
    return data


def _flow(flow, return_url, subscription):
    data = {'type': flow, 'after_completion': {'type': 'redirect', 'redirect': {'return_url': return_url}}}
    if flow == 'subscription_cancel':
        data['subscription_cancel'] = {'subscription': subscription}
    return data
