"""Payments that take days, as bank debits do: the session is complete and unpaid until the bank has said how it went.

Where the setting ``debit_seconds`` is not 0, that is what every payment on a page of checkout is like.
"""
from . import invoices, subscriptions
from .objects import copy_of, save


def begin(world, invoice, method):
    """On its way: the subscription is active meanwhile."""
    intent = save(world, 'payment_intents', {
        **invoices.intent_of(world, invoice), 'status': 'processing', 'payment_method': method})
    world.emit('payment_intent.processing', intent)
    subscription = invoices.subscription_of(world, invoice)
    subscriptions.change(world, subscription, status='active')
    return save(world, 'invoices', {
        **invoice, 'attempted': True, 'attempt_count': 1, '_method': method,
        '_clears': world.now() + world.setting('debit_seconds')})


def clear(world, invoice):
    """The bank's word arrives."""
    method = invoice['_method']
    invoice = save(world, 'invoices', {**invoice, '_clears': None, 'attempt_count': 0})
    invoice = subscriptions.pay(world, invoice, method, authenticated=True)
    is_paid = copy_of(world, 'invoices', invoice['id'])['status'] == 'paid'
    for session in world.all('checkout_sessions', invoice=invoice['id']):
        new = save(world, 'checkout_sessions', {**session, 'payment_status': 'paid' if is_paid else 'unpaid'})
        world.emit(f'checkout.session.async_payment_{"succeeded" if is_paid else "failed"}', new)
