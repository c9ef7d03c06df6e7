from . import test_api_cloudflare
from . import test_api_domains
from . import test_webhook
from . import test_webhook_access
from . import test_webhook_api
from . import test_webhook_portal
