from . import billing
from . import documented
