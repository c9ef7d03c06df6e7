"""The account that the key belongs to."""
from .routes import route


@route('GET', '/v1/account')
def get_account(call):
    world = call.world
    name, currency = world.setting('business_name'), world.setting('currency')
    return {
        'id': world.account, 'object': 'account',
        'business_profile': {'name': name, 'support_email': None, 'url': None}, 'business_type': 'company',
        'capabilities': {'card_payments': 'active', 'transfers': 'active'}, 'charges_enabled': True,
        'country': world.setting('country'), 'default_currency': currency, 'details_submitted': True,
        'email': 'owner@sandbox.example', 'metadata': {}, 'payouts_enabled': True, 'type': 'standard',
        'settings': {'dashboard': {'display_name': name, 'timezone': 'Etc/UTC'},
                     'payments': {'statement_descriptor': None}}}
