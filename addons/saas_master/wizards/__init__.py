from . import saas_step_skip
from . import saas_tenant_modules
