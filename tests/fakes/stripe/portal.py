"""The customer portal: its configurations, and sessions by which a customer is let in for an hour."""
from urllib.parse import urlsplit

from . import answers, errors
from .objects import save
from .routes import route
from .subscription_routes import FEEDBACK, PRORATIONS

CONFIGURATIONS, CONFIGURATION = '/v1/billing_portal/configurations', '/v1/billing_portal/configurations/{key}'
FLOWS = ('customer_update', 'payment_method_update', 'subscription_cancel', 'subscription_pause', 'subscription_update',
         'subscription_update_confirm')
AFTERWARDS = ('hosted_confirmation', 'portal_homepage', 'redirect')
UPDATES = ('address', 'email', 'name', 'phone', 'shipping', 'tax_id')
LASTS = 3600


# -- configurations ---------------------------------------------------------------------------------------------------
@route('POST', CONFIGURATIONS)
def create_configuration(call):
    world, key, now = call.world, call.world.new_id('bpc'), call.world.now()
    features = call.sub('features', required=True)
    if not features:
        raise errors.missing('features')
    row = {
        'id': key, 'object': 'billing_portal.configuration', 'active': True, 'application': None,
        'business_profile': _profile(call, {'headline': None, 'privacy_policy_url': None, 'terms_of_service_url': None}),
        'created': now, 'default_return_url': _url(call, 'default_return_url'), 'features': _features(features, DEFAULT),
        'is_default': False, 'livemode': world.livemode, 'login_page': _login_page(call), 'metadata': call.metadata(),
        'name': call.text('name'), 'updated': now}
    save(world, 'portal_configurations', row)
    world.emit('billing_portal.configuration.created', row)
    return row


DEFAULT = {
    'customer_update': {'allowed_updates': [], 'enabled': False}, 'invoice_history': {'enabled': False},
    'payment_method_update': {'enabled': False, 'payment_method_configuration': None},
    'subscription_cancel': {
        'cancellation_reason': {'enabled': False, 'feedback_options': None, 'options': []}, 'enabled': False,
        'mode': 'at_period_end', 'proration_behavior': 'none'},
    'subscription_pause': {'duration': None, 'enabled': False},
    'subscription_update': {
        'billing_cycle_anchor': None, 'default_allowed_updates': [], 'enabled': False, 'products': None,
        'proration_behavior': 'none', 'schedule_at_period_end': {'conditions': []},
        'trial_update_behavior': 'end_trial'}}


def _features(features, old):
    new = {name: dict(values) for name, values in old.items()}
    for name in ('invoice_history', 'payment_method_update', 'subscription_pause', 'subscription_update'):
        part = features.sub(name)
        part.ignore(*(set(part.params) - {'enabled'}) & set(DEFAULT[name]))
        new[name].update(part.given(enabled=part.flag))
    update = features.sub('customer_update')
    new['customer_update'].update(update.given(enabled=update.flag, allowed_updates=update.texts))
    for word in new['customer_update']['allowed_updates']:
        if word not in UPDATES:
            raise errors.invalid(f'Invalid array: must only contain {", ".join(UPDATES)}', update.param('allowed_updates'))
    if features.has('subscription_cancel'):
        new['subscription_cancel'] = _cancel_feature(features.sub('subscription_cancel'), new['subscription_cancel'])
    return new


def _cancel_feature(cancel, old):
    reason, new = cancel.sub('cancellation_reason'), {**old, 'cancellation_reason': dict(old['cancellation_reason'])}
    new.update(cancel.given(enabled=cancel.flag))
    if cancel.has('mode'):
        new['mode'] = cancel.choice('mode', ('at_period_end', 'immediately'))
    if cancel.has('proration_behavior'):
        new['proration_behavior'] = cancel.choice('proration_behavior', PRORATIONS)
    new['cancellation_reason'].update(reason.given(enabled=reason.flag, options=reason.texts))
    if set(new['cancellation_reason']['options']) - set(FEEDBACK):
        raise errors.invalid(f'Invalid array: must only contain {", ".join(FEEDBACK)}', reason.param('options'))
    return new


def _profile(call, old):
    profile = call.sub('business_profile')
    values = profile.given(headline=profile.text)
    for name in ('privacy_policy_url', 'terms_of_service_url'):
        if profile.has(name):
            values[name] = _url(profile, name)
    return {**old, **values}


def _login_page(call):
    enabled = call.sub('login_page').flag('enabled', default=False)
    return {'enabled': enabled, 'url': call.world.url('/p/login/sandbox') if enabled else None}


def _url(params, name, required=False):
    text = params.text(name, required=required)
    if text and (urlsplit(text).scheme not in ('http', 'https') or not urlsplit(text).netloc):
        raise errors.invalid('Not a valid URL', params.param(name), 'url_invalid')
    return text


@route('GET', CONFIGURATIONS)
def list_configurations(call):
    return answers.page(call, call.world.all('portal_configurations', **call.given(active=call.flag, is_default=call.flag)))


@route('GET', CONFIGURATION)
def get_configuration(call, key):
    return call.world.need('portal_configurations', key)


@route('POST', CONFIGURATION)
def update_configuration(call, key):
    old = call.world.need('portal_configurations', key)
    values = {**call.given(active=call.flag, name=call.text), 'metadata': call.metadata(old['metadata']),
              'updated': call.world.now(), 'business_profile': _profile(call, old['business_profile'])}
    if call.has('features'):
        values['features'] = _features(call.sub('features'), old['features'])
    if call.has('default_return_url'):
        values['default_return_url'] = _url(call, 'default_return_url')
    return call.world.change('portal_configurations', key, values, event='billing_portal.configuration.updated')


def default_configuration(world):
    """As somebody saved it in the dashboard: everything that the portal has."""
    rows = world.all('portal_configurations', is_default=True)
    if rows:
        return world.get('portal_configurations', rows[0]['id'])
    features = {name: {**values, 'enabled': name not in ('subscription_update', 'subscription_pause')}
                for name, values in DEFAULT.items()}
    features['subscription_cancel']['cancellation_reason'] = {
        'enabled': True, 'feedback_options': None, 'options': list(FEEDBACK)}
    features['customer_update']['allowed_updates'] = ['email', 'name', 'address']
    return save(world, 'portal_configurations', {
        'id': world.new_id('bpc'), 'object': 'billing_portal.configuration', 'active': True, 'application': None,
        'business_profile': {'headline': None, 'privacy_policy_url': None, 'terms_of_service_url': None},
        'created': world.now(), 'default_return_url': None, 'features': features, 'is_default': True,
        'livemode': world.livemode, 'login_page': {'enabled': False, 'url': None}, 'metadata': {}, 'name': None,
        'updated': world.now()})


# -- sessions ---------------------------------------------------------------------------------------------------------
@route('POST', '/v1/billing_portal/sessions')
def create_session(call):
    world, key = call.world, call.world.new_id('bps')
    customer, chosen = call.text('customer', required=True), call.text('configuration')
    world.need('customers', customer, 'customer')
    configuration = world.need('portal_configurations', chosen, 'configuration') if chosen else default_configuration(world)
    if not configuration['active']:
        raise errors.invalid(f'The configuration `{chosen}` is not active.', 'configuration')
    return_url = _url(call, 'return_url') or configuration['default_return_url']
    row = {
        'id': key, 'object': 'billing_portal.session', 'configuration': configuration['id'], 'created': world.now(),
        'customer': customer, 'customer_account': None, 'flow': _flow(call, customer, configuration),
        'livemode': world.livemode, 'locale': call.text('locale', longest=10), 'on_behalf_of': None,
        'return_url': return_url, 'url': world.url(f'/p/session/{key}')}
    save(world, 'portal_sessions', row)
    world.emit('billing_portal.session.created', row)
    return row


def _flow(call, customer, configuration):
    data = call.sub('flow_data')
    if not data:
        return None
    kind = data.choice('type', FLOWS, required=True)
    if kind not in ('payment_method_update', 'subscription_cancel'):
        raise errors.invalid('This sandbox knows the flows payment_method_update and subscription_cancel only.',
                             'flow_data[type]')
    if not configuration['features'][kind]['enabled']:
        raise errors.invalid(f'This flow requires that the `{kind}` feature is enabled in the portal configuration.',
                             'flow_data[type]')
    cancel = None
    if kind == 'subscription_cancel':
        params = data.sub('subscription_cancel', required=True)
        cancel = {'retention': None, 'subscription': _to_cancel(params, call.world, customer)}
    return {'after_completion': _afterwards(data), 'customer_update': None, 'subscription_cancel': cancel,
            'subscription_pause': None, 'subscription_update': None, 'subscription_update_confirm': None, 'type': kind}


def _to_cancel(params, world, customer):
    key = params.text('subscription', required=True)
    subscription = world.need('subscriptions', key, params.param('subscription'))
    if subscription['customer'] != customer:
        raise errors.no_such('subscription', key, params.param('subscription'), 400)
    if subscription['status'] in ('canceled', 'incomplete_expired') or subscription['cancel_at']:
        raise errors.invalid('This subscription cannot be canceled because it is already canceled or set to be canceled.',
                             params.param('subscription'))
    return key


def _afterwards(data):
    after = data.sub('after_completion')
    kind = after.choice('type', AFTERWARDS, default='portal_homepage')
    message = after.sub('hosted_confirmation').text('custom_message')
    url = _url(after.sub('redirect'), 'return_url', required=kind == 'redirect')
    return {'type': kind, 'redirect': {'return_url': url} if kind == 'redirect' else None,
            'hosted_confirmation': {'custom_message': message} if kind == 'hosted_confirmation' else None}


def is_over(world, session):
    return world.now() > session['created'] + LASTS


