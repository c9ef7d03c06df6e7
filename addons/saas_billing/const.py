"""Words of Stripe's as the models use them, and the numbers that staff may set."""

STATUSES = [        # of a subscription, as Stripe writes them
    ('incomplete', 'First payment awaited'), ('incomplete_expired', 'First payment never came'), ('trialing', 'Trial'),
    ('active', 'Active'), ('past_due', 'Payment overdue'), ('unpaid', 'Unpaid'), ('paused', 'Paused'),
    ('canceled', 'Cancelled')]
ENDED = ('canceled', 'incomplete_expired')
LIVING = ('trialing', 'active', 'past_due', 'unpaid', 'paused')

ENTITLEMENTS = [
    ('none', 'Nothing yet'), ('trial', 'Trial'), ('active', 'Active'), ('grace', 'Grace'), ('suspended', 'Suspended'),
    ('ended', 'Ended')]
OPEN = ('trial', 'active', 'grace')     # the tenant runs, as far as money is concerned

INTERVALS = [('month', 'Monthly'), ('year', 'Yearly')]
MONTHS = {'month': 1, 'year': 12}

PAYMENTS = [        # of a plan
    ('none', 'Not by Stripe'), ('now', 'Paid at once'), ('trial_card', 'Trial, card first'), ('trial', 'Trial without a card')]

KINDS = [('plan', 'Plan'), ('user', 'User'), ('domain', 'Extra domain')]     # of a price

# System parameters saas_billing.<name>: default, least.
NUMBERS = {
    'grace_days': (7, 0),               # from the first failed payment to the suspension
    'retention_days': (30, 1),          # from the end of a subscription to the deletion of its tenant
    'ending_notice_days': (7, 1),       # before a cancelled subscription ends
    'checkout_hours': (12, 1),          # a payment page stays open so long; Stripe allows 24 at most
    'event_days': (90, 31),             # bodies of events are kept
}
PAST_DUE_NOTICES = (1, 3, 5)            # days after the first failed payment
TRIAL_NOTICES = (3, 1)                  # days before the trial ends

# Everything the inbox acts on; other types are stored, and noted as of no concern.
EVENT_TYPES = (
    'checkout.session.completed', 'checkout.session.expired', 'checkout.session.async_payment_succeeded',
    'checkout.session.async_payment_failed',
    'customer.updated', 'customer.subscription.created', 'customer.subscription.updated', 'customer.subscription.deleted',
    'customer.subscription.paused', 'customer.subscription.resumed', 'customer.subscription.trial_will_end',
    'customer.subscription.pending_update_applied', 'customer.subscription.pending_update_expired',
    'invoice.created', 'invoice.updated', 'invoice.finalized', 'invoice.paid', 'invoice.payment_failed',
    'invoice.payment_action_required', 'invoice.voided', 'invoice.marked_uncollectible', 'invoice.upcoming')
