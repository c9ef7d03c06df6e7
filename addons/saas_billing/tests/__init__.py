from . import test_reconcile
from . import test_webhook
