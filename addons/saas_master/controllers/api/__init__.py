from . import auth
from . import docs
from . import fallback
from . import operations
from . import plans
from . import provisioning
from . import settings
from . import tenants
