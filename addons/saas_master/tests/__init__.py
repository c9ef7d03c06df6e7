from . import test_access
from . import test_ledger
from . import test_names
from . import test_node
from . import test_plan_settings
from . import test_signup
from . import test_template
from . import test_tenant
