from . import api
from . import portal_webhooks
