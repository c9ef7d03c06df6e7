from markupsafe import Markup

from odoo import _, api, fields, models

ICONS = {'ok': 'fa-check-circle text-success', 'bad': 'fa-times-circle text-danger',
         'skipped': 'fa-question-circle text-muted'}


class SaasNode(models.Model):
    """The words for what drivers.health found, in the language of who reads them: what happened and what to do."""

    _inherit = 'saas.node'

    health_looks = fields.Json(readonly=True, copy=False, help='Parts of the node with the code of what is wrong.')
    health_note = fields.Text('What is Wrong', compute='_compute_health_words')
    health_list = fields.Html('Checks', compute='_compute_health_words', sanitize=False)

    @api.depends('health_looks')
    @api.depends_context('lang')
    def _compute_health_words(self):
        for node in self:
            looks = node.health_looks or []
            node.health_note = '\n'.join(node._problem_words(look) for look in looks if _state(look) == 'bad') or False
            node.health_list = look_rows(node, looks)

    def _problem_words(self, look):
        template = self._problem_templates().get(look['problem'], '%(words)s')
        return template % {'words': '', **look['values']}

    @api.model
    def _part_names(self):
        """Parts of every kind of node by code; addons with other kinds add theirs."""
        return {
            'postgres': _('PostgreSQL'), 'role': _('Rights in PostgreSQL'), 'connections': _('Connections'),
            'machine': _('Machine'), 'data': _('Data directory'), 'disk': _('Disk'), 'odoo': _('Odoo command'),
            'routes': _('nginx configuration'), 'server': _('Odoo server'), 'router': _('Router'),
        }

    @api.model
    def _problem_templates(self):
        return {**self._database_problems(), **self._machine_problems(), **self._web_problems()}

    @api.model
    def _database_problems(self):
        return {
            'pg_unreachable': _('PostgreSQL does not answer. Check that it runs, and host and port of the node. (%(words)s)'),
            'pg_login': _('PostgreSQL refuses the login. Correct user and password of the node. (%(words)s)'),
            'pg_access': _('PostgreSQL lets nobody in from this server with that user. Allow it in pg_hba.conf and reload. '
                           '(%(words)s)'),
            'pg_full': _('PostgreSQL has no connection left. Raise max_connections, or lower db_maxconn of its Odoo servers.'),
            'pg_old': _('PostgreSQL %(version)s is too old: 14 or later is needed. Upgrade it.'),
            'pg_clock': _('The clock of PostgreSQL\'s machine is %(seconds)s s off. Set up time synchronisation (NTP) there.'),
            'pg_createdb': _('The role %(user)s may not create databases. Run: ALTER ROLE "%(user)s" CREATEDB;'),
            'pg_owner': _('%(count)s databases of tenants do not belong to the role %(user)s, for instance %(example)s. '
                          'Run for each: ALTER DATABASE "%(example)s" OWNER TO "%(user)s";'),
            'pg_connections': _('%(used)s of %(most)s connections of PostgreSQL are in use. Raise max_connections, or lower '
                                'db_maxconn of its Odoo servers.'),
        }

    @api.model
    def _machine_problems(self):
        return {
            'ssh_unreachable': _('The machine does not answer over SSH. Check that it runs, and its host and port. (%(words)s)'),
            'ssh_host_key': _('The machine shows a host key that is not the pinned one. If it was set up anew, enter its new '
                              'key; if not, somebody stands in between.'),
            'ssh_host_key_form': _('The SSH host key of the node is no key: enter type and key as ssh-keyscan prints them.'),
            'ssh_login': _('The machine refuses our SSH key. Add its public half to authorized_keys of that user there.'),
            'ssh_private_key': _('The SSH private key of the node cannot be used. Enter one without a passphrase. (%(words)s)'),
            'ssh_algorithms': _('The machine shares no SSH algorithm with us: allow one for the pinned type of host key.'),
            'python': _('There is no python3 on the machine. Install it for the user we are there.'),
            'clock': _('The clock of the machine is %(seconds)s s off. Set up time synchronisation (NTP) there.'),
            'data_missing': _('%(folder)s does not exist on the machine. Make it, owned by the user we are there, or correct '
                              'the data directory of the node.'),
            'data_unwritable': _('%(folder)s cannot be written by the user we are there (%(words)s). Make it theirs with chown.'),
            'disk': _('Only %(free)s of %(total)s GiB are free in %(folder)s. Make room, enlarge the disk, or place new tenants '
                      'on another node.'),
            'odoo_command': _('There is no command "%(command)s" on the machine. Correct the Odoo command of the node.'),
            'odoo_fails': _('"%(command)s --version" does not work. Try it there by hand. (%(words)s)'),
            'odoo_series': _('Odoo on the machine is %(found)s, the node says %(wanted)s. Correct one of them.'),
            'odoo_config': _('Odoo\'s configuration %(file)s cannot be read by the user we are there. Correct its path or '
                             'rights.'),
        }

    @api.model
    def _web_problems(self):
        return {
            'routes_unwritable': _('The routes file cannot be written in %(folder)s (%(words)s). Make the folder, owned by the '
                                   'user we are there.'),
            'router_config': _('The nginx configuration cannot be read. Correct its path or rights. (%(words)s)'),
            'router_include': _('The nginx configuration does not include the routes file once. Render it anew, or correct the '
                                'paths of the node.'),
            'router_pid': _('The nginx configuration has no pid line. Render it anew.'),
            'router_command': _('The nginx command does not exist on the machine. Correct it. (%(words)s)'),
            'router_refuses': _('nginx refuses its configuration: %(words)s'),
            'router_stopped': _('nginx does not run on the machine. Start it.'),
            'server_unreachable': _('No Odoo server answers at %(address)s. Start it, or correct the Odoo address of the node.'),
            'server_silent': _('The Odoo server at %(address)s does not answer in time. It is overloaded, or hangs: restart it.'),
            'server_answer': _('%(address)s answers HTTP %(status)s instead of Odoo\'s sign of health. Correct the Odoo address '
                               'of the node, or read the server\'s log.'),
            'server_single': _('The Odoo server at %(address)s serves one database to everybody. Take db_name and dbfilter out '
                               'of its configuration and add dbfilter_from_header to its server_wide_modules.'),
            'server_header': _('The Odoo server at %(address)s does not show the database %(database)s that the router asks for. '
                               'Add dbfilter_from_header to its server_wide_modules, set proxy_mode, restart it.'),
            'router_unreachable': _('No router answers at %(address)s. Start nginx, or correct the router address of the node.'),
            'router_silent': _('The router at %(address)s does not answer in time. Read the log of nginx.'),
            'router_open': _('The router at %(address)s answers HTTP %(status)s for an unknown host instead of 404. Something '
                             'else listens there, or its configuration is not ours.'),
            'router_foreign': _('At %(address)s another web server answers than the one that our routes file feeds. Correct the '
                                'router address of the node, or start nginx with its configuration.'),
            'router_routes': _('The router at %(address)s does not know %(host)s, which is in our routes. Correct the paths of '
                               'the node, or reload nginx.'),
        }


def look_rows(self, looks):
    """The list of checks as HTML, for any record that has ``_part_names`` and ``_problem_words``; its language counts."""
    rows = Markup().join(_look_row(self, look) for look in looks)
    return looks and Markup('<ul class="list-unstyled mb-0 o_saas_looks">%s</ul>') % rows


def _look_row(self, look):
    state = _state(look)
    words = {'ok': _('in order'), 'skipped': _('not looked at: what it stands on is missing')}.get(state)
    return Markup('<li class="d-flex py-1"><i class="fa %s mt-1 me-2" title="%s"></i>'
                  '<div><strong>%s</strong>: <span class="%s">%s</span></div></li>') % (
        ICONS[state], state, self._part_names().get(look['part'], look['part']),
        'text-muted' if words else '', words or self._problem_words(look))


def _state(look):
    return {'': 'ok', 'not_asked': 'skipped'}.get(look['problem'], 'bad')
