from . import test_api_cloudflare
from . import test_api_domains
from . import test_webhook
from . import test_webhook_access
from . import test_webhook_api
from . import test_webhook_portal
from . import test_dashboard_domains
from . import test_views
