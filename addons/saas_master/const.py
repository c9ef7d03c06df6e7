"""Constants of the control plane that more than one model needs."""

NO_ACCESS = '.'                     # field attribute ``groups``: only sudo reads it, never RPC

STAFF = 'saas_master.group_saas_support'     # field attribute ``groups``: what customers need not see
MANAGER = 'saas_master.group_saas_manager'

# Tenant state -> the states it may change to. Anything else raises.
TENANT_TRANSITIONS = {
    'draft': {'provisioning', 'deleting'},
    'provisioning': {'running', 'suspended', 'failed', 'deleting'},
    'running': {'suspended', 'deleting'},
    'suspended': {'running', 'deleting'},
    'failed': {'provisioning', 'deleting'},
    'deleting': {'deleted'},
    'deleted': set(),
}

ACTIVE = ('waiting', 'running')     # operation states that hold their subject
ENDED = ('done', 'failed', 'cancelled')

# Kinds whose half-done work is undone by a clean-up, or does no harm: only these can be cancelled.
CANCELLABLE = ('provision', 'install_modules', 'build_template')

LEASE_SECONDS = 30                  # parameter saas_master.lease_seconds: a silent worker is given up after it
WORKER_SECONDS = 50                 # one turn of a worker; shorter than the smallest limit_time_real_cron in use
LINGER_STEP = 0.25                  # seconds between two looks of the worker that keeps the time
