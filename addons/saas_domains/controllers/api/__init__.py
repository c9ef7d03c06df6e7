from . import cloudflare
from . import documented
from . import domains
from . import webhooks
