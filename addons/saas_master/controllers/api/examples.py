"""One example for each schema that people write or read often."""
PATH_EXAMPLES = {'name': 'acme', 'id': '4711'}       # other addons add those of their paths
OPERATION = {
    'id': 4711, 'kind': 'provision', 'state': 'running', 'tenant': 'acme', 'percent': 33, 'step': 4, 'total': 10,
    'label': 'Copy the template', 'steps': [{'name': 'Choose a server', 'state': 'done'},
                                            {'name': 'Copy the template', 'state': 'running'}],
    'elapsed': 0.8, 'requested_at': '2030-01-31T12:00:00Z', 'started_at': '2030-01-31T12:00:00Z', 'ended_at': None,
    'error': None}
TENANT = {
    'id': 815, 'name': 'acme', 'state': 'provisioning', 'url': 'https://acme.example.com', 'company_name': 'Acme Ltd',
    'email': 'ann@acme.example', 'admin_name': 'Ann Example', 'lang': 'en_US', 'plan': 'basic',
    'customer': {'id': 42, 'name': 'Acme Ltd'}, 'suspension_reasons': [], 'trial_end': '2030-02-14', 'live_at': None,
    'created_at': '2030-01-31T12:00:00Z', 'delete_on': None, 'isolation': 'shared', 'container': None,
    'usage': None,
    'operation': {'id': 4711, 'kind': 'provision', 'state': 'running', 'percent': 33}}
EXAMPLES = {
    'Login': {'email': 'ann@acme.example', 'password': 'correct horse battery staple', 'totp': '123456'},
    'Proof': {'kind': 'delete', 'proof': '123456'},
    'NewTenant': {'name': 'acme', 'company_name': 'Acme Ltd', 'email': 'ann@acme.example', 'admin_name': 'Ann Example',
                  'plan': 'basic', 'lang': 'en_US'},
    'TenantChange': {'plan': 'plus', 'trial_end': '2030-03-01'},
    'NewProvision': {'tenant_name': 'Acme Ltd', 'subdomain': 'acme'},
    'SettingsChange': {'signup': {'per_hour': 10}},
    'Operation': OPERATION,
    'Tenant': TENANT,
    'TenantPage': {'items': [TENANT], 'total': 1},
    'OperationPage': {'items': [OPERATION], 'total': 1},
    'Accepted': {'tenant': TENANT, 'operation': OPERATION},
}
