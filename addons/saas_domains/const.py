"""Constants of custom domains that more than one model needs."""

VERIFICATION = [('pending', 'Pending'), ('verifying', 'Verifying'), ('verified', 'Verified'), ('failed', 'Failed')]

# Verification status -> what it may change to. Anything else raises.
TRANSITIONS = {
    'pending': {'verifying', 'verified', 'failed'},
    'verifying': {'pending', 'verified', 'failed'},
    'verified': {'pending'},
    'failed': {'pending', 'verifying', 'verified'},
}

SSL = [('none', 'None yet'), ('initializing', 'Being ordered'), ('pending', 'Being issued'), ('active', 'Active'),
       ('expiring', 'Expiring'), ('failed', 'Failed')]
LOST = [('proved_by_other', 'Proved by another customer'), ('removed', 'Removed'), ('tenant_deleted', 'Tenant deleted')]
ALERTS = [('unverified', 'Not verified for long'), ('propagation', 'Could not be published'),
          ('certificate', 'Certificate'), ('left', 'Points elsewhere'), ('contested', 'Claimed by another')]

# First keys of the advisory locks; the second one is the record's id, or a hash of what is locked.
RECORDS_LOCK, INGRESS_LOCK, HOSTNAMES_LOCK, HOSTNAME_LOCK = 0x5AD1, 0x5AD2, 0x5AD3, 0x5AD4

# System parameters saas_domains.<name>: default, least. 0 means no limit where the least is 0.
NUMBERS = {
    'default_limit': (10, 0),           # names of a customer without a tenant
    'give_up_days': (14, 1),            # a name that was never proven has failed after so many days
    'unverified_days': (7, 1),          # staff is told of a name unproven for so long
    'contest_hours': (24, 0),           # notice for who holds a name that another customer has proven
    'recheck_hours': (24, 1),           # between two looks at an active name
    'verify_batch': (5000, 1),          # names asked about in one go
    'verify_per_minute': (20, 0),       # a customer's clicks on Verify
    'add_per_hour': (60, 0),            # names a customer adds
    'certificate_days': (14, 1),        # a certificate that ends within so many days is told of
    'webhooks_per_customer': (10, 0),
    'webhook_days': (30, 4),            # deliveries that ended are kept so long
    'quota_percent': (80, 1),           # a quota used to so much is told of
}
