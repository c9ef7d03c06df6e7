"""/api/settings: what staff have set, without any secret, and what everybody may know of the Odoo that is sold."""
from odoo import http

from ...const import LEASE_SECONDS
from ...models import saas_signup, saas_tenant_customer
from . import limits
from .endpoint import endpoint
from .reading import invalid
from .schemas_settings import OdooSettings, Settings, SettingsChange
from .tenants import NOTHING_SENT
from .texts import _lt

TAG = 'settings'
# section: {field: (system parameter, default)}
PARAMETERS = {
    'signup': {name.removeprefix('signup_'): (f'saas_master.{name}', default)
               for name, default in saas_signup.DEFAULTS.items()},
    'operations': {'lease_seconds': ('saas_master.lease_seconds', LEASE_SECONDS)},
    'deletion': {'cooling_off_days': ('saas_master.cooling_off_days', saas_tenant_customer.COOLING_OFF_DAYS)},
    'api': {name.removeprefix('api_'): (f'saas_master.{name}', default) for name, default in limits.DEFAULTS.items()},
}


class SettingsApi(http.Controller):

    @endpoint('GET', '/api/settings', tag=TAG, summary=_lt('Read all settings'), role='staff', answers={200: Settings})
    def read_settings(self, call):
        return _settings(call)

    @endpoint('PATCH', '/api/settings', tag=TAG, summary=_lt('Change settings'), role='manager', body=SettingsChange,
              answers={200: Settings}, description=_lt('Numbers only; servers and secrets are set up in the backend.'))
    def change_settings(self, call):
        sent = call.body.model_dump(exclude_unset=True)
        changes = {f'{section}.{name}': value for section, values in sent.items() for name, value in values.items()}
        if not changes:
            raise invalid([('body', 'missing', call.text(NOTHING_SENT))])
        for path, value in changes.items():
            _change(call.env, *path.split('.'), value)
        call.env['saas.audit']._note('change_setting', detail=', '.join(f'{path}={value}' for path, value in changes.items()))
        return _settings(call)

    @endpoint('GET', '/api/settings/odoo/current', tag=TAG, summary=_lt('Read what Odoo is sold'), answers={200: OdooSettings},
              description=_lt('Series, addresses and templates; staff see the servers and their health as well.'))
    def read_odoo(self, call):
        return _odoo(call)


def _settings(call):
    parameters = call.env['ir.config_parameter'].sudo()
    shown = {section: {name: _number(parameters.get_param(key), default) for name, (key, default) in entries.items()}
             for section, entries in PARAMETERS.items()}
    shown['operations']['workers'] = len(call.env['saas.operation'].sudo()._worker_crons())
    return {**shown, 'odoo': _odoo(call)}


def _number(value, default):
    return int(value) if value and value.isdecimal() else default


def _change(env, section, name, value):
    if (section, name) == ('operations', 'workers'):
        env['res.config.settings'].sudo()._set_workers(value)
    else:
        env['ir.config_parameter'].sudo().set_param(PARAMETERS[section][name][0], str(value))


def _odoo(call):
    nodes = call.env['saas.node'].sudo().search([])
    templates = call.env['saas.template'].sudo().search([('node_id', 'in', nodes.ids), ('version', '>', 0)])
    return {
        'series': sorted(set(nodes.mapped('series'))),
        'address_patterns': sorted(set(nodes.mapped('address_pattern'))),
        'templates': [{'name': template.name, 'version': template.version, 'state': template.state,
                       'modules': template._modules(), 'languages': template._languages()} for template in templates],
        'nodes': [{'name': node.name, 'series': node.series, 'health': node.health, 'tenants': node.tenant_count,
                   'capacity': node.capacity} for node in nodes] if call.is_staff else None,
    }
