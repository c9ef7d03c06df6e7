from . import saas_rotate_key
