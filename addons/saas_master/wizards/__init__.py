from . import saas_api_key_new
from . import saas_container_inside
from . import saas_container_take_back
from . import saas_step_skip
from . import saas_step_up_dialogue
from . import saas_tenant_modules
