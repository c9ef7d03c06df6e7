from . import test_account
from . import test_checkout
from . import test_follow
from . import test_notices
from . import test_prices
from . import test_reconcile
from . import test_signup_paid
from . import test_webhook
