"""Subscriptions: read, changed, cancelled, and what a change would cost."""
from datetime import datetime, timedelta, timezone

from . import stripe_parse as parse
from .stripe_errors import NotFound
from .stripe_words import feedback as stripe_feedback
from .types import Preview

EXPAND = ('customer',)      # whose default card counts
A_MINUTE = timedelta(minutes=1)


class Subscriptions:

    def read_subscription(self, subscription):
        """:return: a ``Subscription``"""
        return self._one('Reading a subscription', self._v1.subscriptions.retrieve, subscription)

    def list_subscriptions(self, customer=''):
        """Ended ones too, newest first."""
        query = {'customer': customer} if customer else {}
        found = self._pages('Listing subscriptions', self._v1.subscriptions.list, status='all',
                            expand=[f'data.{name}' for name in EXPAND], **query)
        return (parse.subscription(row) for row in found)

    # -- changes ------------------------------------------------------------------------------------------------------

    def preview_change(self, subscription, items, at=None):
        """What ``change_subscription`` with proration would cost now, and what the coming regular invoice would be.

        :param items: as in ``change_subscription``
        :param at: naive UTC; the moment from which the new price counts, without one that of Stripe's clock
        :return: a ``Preview``
        """
        details = {'items': _items(items), 'proration_behavior': 'always_invoice'}
        if at:
            details['proration_date'] = parse.seconds(at)
        now = self._preview(subscription, details)
        regular = self._preview(subscription, {'items': details['items'], 'proration_behavior': 'none'})
        at = at or parse.proration_moment(now) or datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
        lines = parse.lines(now)
        if not any(line.period_start and abs(line.period_start - at) <= A_MINUTE for line in lines):
            now, lines = {'currency': now.get('currency')}, ()     # nothing is due: what came is the regular one
        total = parse.number(now, 'total')
        return Preview(
            currency=parse.text(now, 'currency'), due_now=total if total < 0 else parse.number(now, 'amount_due'),
            lines=lines, at=at, next_amount=parse.number(regular, 'total'), next_at=_next_at(regular, at))

    def _preview(self, subscription, details):
        return self._ask('Asking what a change costs', self._v1.invoices.create_preview, subscription=subscription,
                         subscription_details=details)

    def change_subscription(self, key, subscription, items, prorate, at=None, metadata=None):
        """:param items: (item's id or '' for a new one, price or '' to keep it, quantity or None to keep it; 0 removes it)
        :param prorate: the difference is collected at once, and the change waits until that is paid (has_pending_update);
            otherwise nothing is due before the next period
        :param at: naive UTC, that of the preview
        :return: a ``Subscription``
        """
        params = {'items': _items(items), 'proration_behavior': 'none'}
        if prorate:     # a removal cannot wait, so with one the whole is refused where it is not paid
            is_plain = all(quantity != 0 for _item, _price, quantity in items)
            params.update(proration_behavior='always_invoice',
                          payment_behavior='pending_if_incomplete' if is_plain else 'error_if_incomplete')
            if at:
                params['proration_date'] = parse.seconds(at)
        elif metadata:
            params['metadata'] = metadata
        found = self._one('Changing a subscription', self._v1.subscriptions.update, subscription, key=key, **params)
        if prorate and metadata:    # which a change that may have to wait cannot take along
            return self._one('Marking a subscription', self._v1.subscriptions.update, subscription,
                             key=f'{key}-metadata', metadata=metadata)
        return found

    def set_trial_end(self, subscription, moment=None):
        """:param moment: naive UTC; None ends the trial now"""
        return self._one('Setting the end of a trial', self._v1.subscriptions.update, subscription,
                         trial_end=parse.seconds(moment) if moment else 'now', proration_behavior='none')

    # -- the end ------------------------------------------------------------------------------------------------------

    def cancel(self, subscription, at_period_end=True, feedback='', comment=''):
        """One that has ended already is given back as it is."""
        said = {'feedback': stripe_feedback(feedback), 'comment': comment}
        said = {name: value for name, value in said.items() if value}
        more = {'cancellation_details': said} if said else {}
        if at_period_end:
            return self._one('Cancelling a subscription', self._v1.subscriptions.update, subscription,
                             cancel_at_period_end=True, **more)
        try:
            return self._one('Cancelling a subscription', self._v1.subscriptions.cancel, subscription, **more)
        except NotFound:
            found = self.read_subscription(subscription)
            if found.status not in ('canceled', 'incomplete_expired'):
                raise
            return found

    def keep(self, subscription):
        """Withdraw a planned cancellation, of whichever of its two kinds (since API clover)."""
        found = self._ask('Reading a subscription', self._v1.subscriptions.retrieve, subscription, expand=list(EXPAND))
        if found.get('cancel_at_period_end'):
            values = {'cancel_at_period_end': False}
        elif found.get('cancel_at'):
            values = {'cancel_at': ''}
        else:
            return parse.subscription(found)
        return self._one('Keeping a subscription', self._v1.subscriptions.update, subscription, **values)

    # -- pauses -------------------------------------------------------------------------------------------------------

    def pause_collection(self, subscription, resumes_at=None):
        """Invoices are voided, so the time is free; its status stays what it is.

        :param resumes_at: naive UTC; without one until ``resume_collection``
        """
        more = {'resumes_at': parse.seconds(resumes_at)} if resumes_at else {}
        return self._one('Pausing collection', self._v1.subscriptions.update, subscription,
                         pause_collection={'behavior': 'void', **more})

    def resume_collection(self, subscription):
        return self._one('Resuming collection', self._v1.subscriptions.update, subscription, pause_collection='')

    def resume(self, subscription):
        """One that Stripe paused since its trial ended without a card: a new period begins and is paid now."""
        return self._one('Resuming a subscription', self._v1.subscriptions.resume, subscription)

    def _one(self, what, method, subscription, key='', **params):
        return parse.subscription(self._ask(what, method, subscription, key=key, expand=list(EXPAND), **params))


def _items(items):
    return [_one_item(*item) for item in items]


def _one_item(item, price, quantity):
    if item and quantity == 0:
        return {'id': item, 'deleted': True}
    values = {'id': item, 'price': price}
    values = {name: value for name, value in values.items() if value}
    return values if quantity is None else {**values, 'quantity': quantity}


def _next_at(invoice, at):
    """When the regular invoice is due: where its period begins, or ends where the change itself begins a new one."""
    periods = [line for line in parse.lines(invoice) if not line.is_proration and line.period_start and line.period_end]
    if not periods:
        return None
    first = min(line.period_start for line in periods)
    return first if first > at else max(line.period_end for line in periods)
