"""As ``screens_worker``, on a copy that is filled with subscriptions."""
import sys

from .billing_fill import fill
from .screens_worker import Screens, serve


class BillingScreens(Screens):

    model, column, domain = 'saas.subscription', 'status', []


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), fill, BillingScreens)
