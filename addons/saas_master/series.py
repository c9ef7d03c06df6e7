"""Odoo 17.0 and later series from one code base: what differs is settled here.

The addons are written for 17.0.  On later series their data files are translated
while they load.  Names and calls that moved have one spelling below, and nothing
else compares versions.
"""
import re
import threading
from datetime import datetime, timedelta

from lxml import etree
from psycopg2 import sql

from odoo import models, release
from odoo.exceptions import AccessDenied, AccessError
from odoo.http import request
from odoo.modules import module

SERIES_17 = release.version_info[0] == 17
PREFIX = 'saas_'        # the addons whose data files are translated

USER_GROUPS = 'groups_id' if SERIES_17 else 'group_ids'             # of res.users
ALL_USER_GROUPS = 'groups_id' if SERIES_17 else 'all_group_ids'     # implied ones too
AGGREGATOR = 'group_operator' if SERIES_17 else 'aggregator'         # of a field
if SERIES_17:
    from odoo.api import call_kw
else:
    from odoo.service.model import call_kw  # noqa: F401
JSONRPC = 'json' if SERIES_17 else 'jsonrpc'                        # @route(type=…)


# -- constraints and unique indexes, declared as in later series -----------------------

if SERIES_17:
    class Constraint:
        def __init__(self, definition, message=''):
            self.definition = definition
            self.message = message

        def __set_name__(self, owner, name):
            self._declare(owner, name[1:], self.definition)

        def _declare(self, owner, name, definition):
            constraints = owner.__dict__.get('_sql_constraints', [])
            owner._sql_constraints = [*constraints, (name, definition, self.message)]

    class UniqueIndex(Constraint):
        """ To 17.0 a virtual constraint, which only has a message, and the index
        of the same name that ``Base`` creates. """
        def __set_name__(self, owner, name):
            self._declare(owner, name[1:], '')
            indexes = owner.__dict__.get('_unique_indexes', {})
            owner._unique_indexes = {**indexes, name[1:]: self.definition}
else:
    from odoo.models import Constraint, UniqueIndex  # noqa: F401


# -- data files ------------------------------------------------------------------------

RENAMED = {'groups_id': 'group_ids', 'users': 'user_ids'}
REMOVED = {'numbercall', 'doall'}                                   # of ir.cron
TEMPLATES = {'kanban-box': 'card', 'kanban-menu': 'menu'}


def _tree_to_list(text):
    return re.sub(r'''(?<![\w@.'"-])tree(?![\w.'"-])''', 'list', text)


def _translate_arch(arch):
    root = etree.fromstring(arch)
    for node in list(root.iter(etree.Element)):
        if node.tag == 'tree':
            node.tag = 'list'
        elif node.tag == 'xpath':
            node.set('expr', _tree_to_list(node.get('expr')))
        elif node.tag == 'field' and node.get('mode'):
            node.set('mode', _tree_to_list(node.get('mode')))
        elif node.get('t-name') in TEMPLATES:
            node.set('t-name', TEMPLATES[node.get('t-name')])
        elif 'oe_chatter' in node.get('class', '').split():
            node.clear(keep_tail=True)
            node.tag = 'chatter'
    return etree.tostring(root, encoding='unicode')


def _privilege(env, category_id, update):
    """ The privilege that stands between a group and a category of our own. """
    category = env['ir.module.category'].browse(category_id)
    xml_id = category.get_external_id()[category_id]
    if not xml_id.startswith(env.context['install_module'] + '.'):
        return False
    return env['res.groups.privilege']._load_records([{
        'xml_id': f'{xml_id}_privilege',
        'values': {'name': category.name, 'category_id': category_id},
    }], update).id


def _translate(model, values, update):
    """ The values of a record in a 17.0 data file, as this series has them. """
    names = {name: RENAMED.get(name, name) for name in values if name not in model._fields}
    values = {
        names.get(name, name): value for name, value in values.items()
        if name in model._fields or name not in REMOVED
    }
    if model._name == 'ir.ui.view' and values.get('arch') and values.get('type') != 'qweb':
        values['arch'] = _translate_arch(values['arch'])
    elif model._name.startswith('ir.actions.act_window') and values.get('view_mode'):
        values['view_mode'] = _tree_to_list(values['view_mode'])
    elif model._name == 'res.groups' and values.get('category_id'):
        values['privilege_id'] = _privilege(model.env, values.pop('category_id'), update)
    return values


class Base(models.AbstractModel):
    _inherit = 'base'

    def _load_records(self, data_list, update=False):
        if not SERIES_17 and self.env.context.get('install_module', '').startswith(PREFIX):
            data_list = [
                {**data, 'values': _translate(self, data['values'], update)}
                for data in data_list
            ]
            if self._name == 'ir.ui.view' and data_list[0]['values'].get('type') != 'qweb':
                # no file for --dev=xml to read the 17.0 view back from
                self = self.with_context(install_filename='')
        return super()._load_records(data_list, update)

    def _add_sql_constraints(self):
        result = super()._add_sql_constraints()
        for cls in type(self).mro():
            for name, definition in cls.__dict__.get('_unique_indexes', {}).items():
                self.env.cr.execute(sql.SQL('CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} {}').format(
                    sql.Identifier(f'{self._table}_{name}'), sql.Identifier(self._table), sql.SQL(definition)))
        return result

    if SERIES_17:
        def check_access(self, operation):
            self.check_access_rights(operation)
            self.check_access_rule(operation)

        def has_access(self, operation):
            try:
                self.check_access(operation)
            except AccessError:
                return False
            return True


# -- calls that changed ----------------------------------------------------------------

def commit_progress(env, processed=0, remaining=None):
    """ End one batch of a cron; return the seconds that are left for the next. """
    if in_test():
        env.flush_all()     # the transaction of a test is never committed
    elif not SERIES_17:
        return env['ir.cron']._commit_progress(processed, remaining=remaining)
    else:
        env.cr.commit()
    return float('inf')


def generate_api_key(user, scope, name, expiration_date=None):
    """ Return a new key; 17.0 has no expiration, so there it never expires. """
    keys = user.env['res.users.apikeys'].with_user(user).sudo()
    return keys._generate(scope, name, *(() if SERIES_17 else (expiration_date,)))


def check_password(user, password):
    """ Whether it is the user's password; neither an API key nor an empty one is. """
    if not password:
        return False
    interactive = {'interactive': True}
    try:
        if SERIES_17:
            user.with_user(user)._check_credentials(password, interactive)
        else:
            credential = {'type': 'password', 'login': user.login, 'password': password}
            user.with_user(user)._check_credentials(credential, interactive)
    except AccessDenied:
        return False
    return True


def authenticate(login, password):
    """ Log the visitor in; return the user's id, None while a second factor is due. """
    if SERIES_17:
        request.session.authenticate(request.db, login, password)
    else:
        credential = {'type': 'password', 'login': login, 'password': password}
        request.session.authenticate(request.env, credential)
    return request.session.uid


def signup_link(partner, redirect):
    """ Where the partner's user sets his first password, and for how many hours that works. """
    hours = int(partner.env['ir.config_parameter'].sudo().get_param('auth_signup.signup.validity.hours', 144))
    until = {'expiration': datetime.now() + timedelta(hours=hours)} if SERIES_17 else {}
    partner.signup_prepare(**until)
    return partner._get_signup_url_for_action(url=redirect)[partner.id], hours


def in_test():
    """ Whether a test runs this: its transaction must never be committed. """
    return bool(module.current_test or getattr(threading.current_thread(), 'testing', False))


def commit(env):
    """ Commit what the ledger has written; in a test only write it out. """
    env.flush_all()
    if not in_test():
        env.cr.commit()  # pylint: disable=invalid-commit
