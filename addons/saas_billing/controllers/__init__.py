from . import webhook
from . import api
from . import portal
from . import portal_change
from . import website
