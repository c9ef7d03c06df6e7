"""Whether a root domain works: token, zone, records, tunnel, certificates, resolvers; and the words for what does not."""
from dataclasses import asdict

from odoo import _, api, fields, models
from odoo.tools import plaintext2html

from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.drivers.looks import Look, Wrong
from odoo.addons.saas_master.models.saas_node_problems import look_rows

from ..edge.dns_check import ask_servers
from .edge_common import problem_of

ACTIVITY = 'saas_domains.mail_activity_root_bad'
FIGURES = ('record_quota', 'record_used', 'hostname_quota', 'hostname_used', 'tunnel_status', 'connector_count',
           'connectors_current', 'tunnel_version')
FIRST = ('token', 'zone')           # without these nothing else can be asked


class SaasRootDomain(models.Model):
    _inherit = 'saas.root_domain'

    def action_test(self):
        """Ask Cloudflare, tunnel and resolvers now and name what is missing."""
        self.check_access('write')
        self.env['saas.audit']._note('test', self)
        self.sudo()._check_health()
        bad = self.filtered(lambda root: root.health != 'ok')
        return self._notice(['\n'.join(filter(None, bad.mapped('health_note')))] if bad else [],
                            _('Healthy: every check is well.'))

    @api.model
    def _cron_check_health(self):
        self.search([('active', '=', True)])._check_health()

    def _check_health(self):
        """One after the other, with no transaction open."""
        transaction = self.env['saas.operation']._transaction
        for root in self:
            work = transaction(root._health_work)
            looks, figures = work()
            transaction(lambda root=root, looks=looks, figures=figures: root.exists()._note_health(looks, figures))

    def _health_work(self):
        self.ensure_one()
        percent = self.env['saas.domain.settings']._number('quota_percent')
        try:
            spec, settings = self._edge_spec(), self._dns_settings()
        except DriverError as error:
            looks = [Look('token', 'words', {'words': str(error)})]
            return lambda: (looks, {})
        return lambda: Examination(spec, settings, percent).run()

    def _note_health(self, looks, figures):
        """Write it down; people are told of changes only."""
        for root in self:
            seen = _codes(root.health_looks)
            rows = [asdict(look) for look in looks]
            root.write({**figures, 'health': 'bad' if _codes(rows) else 'ok', 'health_looks': rows,
                        'health_checked_at': fields.Datetime.now()})
            if _codes(rows) != seen:
                root._tell_health()
            if root.tunnel_management == 'local' and ('connectors', 'connectors_none') in _codes(rows):
                root._reconcile_soon()      # its machine was started anew, and nobody else starts our cloudflared

    def _tell_health(self):
        manager = self.env['saas.operation.subject']._attention_user()
        root = self.with_context(lang=manager.lang)
        if root.health == 'ok':
            root.activity_feedback([ACTIVITY], feedback=_('Healthy: every check is well.'))
            return
        note, planned = plaintext2html(root.health_note), root.activity_search([ACTIVITY])
        planned.write({'note': note}) if planned else root.activity_schedule(ACTIVITY, note=note, user_id=manager.id)

    # -- words ----------------------------------------------------------------------------------

    @api.depends('health_looks')
    @api.depends_context('lang')
    def _compute_health_words(self):
        for root in self:
            looks = root.health_looks or []
            root.health_note = '\n'.join(
                root._problem_words(look) for look in looks if look['problem'] not in ('', 'not_asked')) or False
            root.health_list = look_rows(root, looks)

    def _problem_words(self, look):
        told = self._problem_templates().get(look['problem'], '%(words)s')
        try:
            return told % {'words': '', **look['values']}
        except (KeyError, ValueError):
            return look['values'].get('words', '') or told

    @api.model
    def _part_names(self):
        return {
            'token': _('API token'), 'zone': _('Zone'), 'records': _('DNS records'),
            'hostnames': _('Custom hostnames'),
            'fallback': _('Fallback origin'), 'tunnel': _('Tunnel'), 'connectors': _('Connectors'), 'resolvers': _('Resolvers'),
        }

    @api.model
    def _problem_templates(self):
        return {
            'no_token': _('There is no API token yet. Make one at Cloudflare with Zone Read, DNS Write, SSL and Certificates '
                          'Write and Cloudflare Tunnel Write, then enter it (button Change Token).'),
            'token_status': _('The API token is %(status)s at Cloudflare. Make a new one and enter it.'),
            'zone_name': _('The zone is %(found)s, not %(wanted)s. Correct the zone ID.'),
            'zone_status': _('The zone is %(status)s: point the name servers of the domain to Cloudflare.'),
            'records_near': _('%(used)s of %(quota)s DNS records are used. Raise the plan at Cloudflare, or use the wildcard '
                              'edge.'),
            'hostnames_near': _('%(used)s of %(quota)s custom hostnames are used. Raise the limit at Cloudflare.'),
            'fallback_missing': _('No fallback origin is set. Enter a host below the root domain, for instance %(example)s.'),
            'fallback_status': _('The fallback origin %(origin)s is %(status)s at Cloudflare. Press Sync; it takes minutes.'),
            'tunnel_missing': _('No tunnel is entered. Make one at Cloudflare and enter its ID.'),
            'tunnel_status': _('The tunnel is %(status)s: see that cloudflared runs on its machine.'),
            'tunnel_remote': _('The tunnel is managed at Cloudflare, not by config.yml. Choose the other management.'),
            'tunnel_local': _('The tunnel is managed by config.yml, not at Cloudflare. Choose the other management.'),
            'connectors_none': _('No cloudflared is connected. Start one.'),
            'connectors_old': _('%(old)s of %(count)s connectors have an older document than version %(version)s. '
                                'Restart them if this stays so.'),
            'resolver': _('The resolver %(address)s does not answer (%(code)s). Remove it, or let it through the firewall.'),
            'foreign': _('%(found)s is in the place of one of ours and was not made by this system. Remove it at Cloudflare.'),
            'spreading': _('A connector of the tunnel has an older document yet; it is looked at again.'),
            'cloudflare_permission': _('The API token lacks the permission "%(permission)s". Add it at Cloudflare. (%(said)s)'),
            'cloudflare_token': _('Cloudflare refuses the API token. Make a new one and enter it. (%(said)s)'),
            'cloudflare_ids': _('An ID is missing: enter account, zone and tunnel.'),
            'cloudflare_missing': _('Cloudflare does not know an ID. Check account, zone and tunnel. (%(said)s)'),
            'cloudflare_unreachable': _('Cloudflare\'s API cannot be reached. Check the network and the API address.'),
            'cloudflare_silent': _('Cloudflare\'s API does not answer in time. It is tried again.'),
            'cloudflare_busy': _('Cloudflare allows no more requests at this moment. It is tried again.'),
        }


class Examination:
    """Looks at one root domain from outside; plain values only."""

    def __init__(self, spec, settings, percent):
        self.spec, self.settings, self.percent, self.figures = spec, settings, percent, {}
        self.client = spec.client()

    def run(self):
        """(looks, figures)."""
        looks, blocked = [], False
        for part in ('token', 'zone', 'records', 'hostnames', 'fallback', 'tunnel', 'connectors'):
            look = Look(part, 'not_asked') if blocked else self._look(part)
            blocked = blocked or part in FIRST and look.state == 'bad'
            looks.append(look)
        return looks + [self._look('resolvers')], self.figures

    def _look(self, part):
        try:
            getattr(self, f'_{part}')()
        except Wrong as wrong:
            return Look(part, wrong.problem, wrong.values)
        except DriverError as error:
            return Look(part, **problem_of(error))
        return Look(part)

    def _token(self):
        if not self.spec.token:
            raise Wrong('no_token')
        status = self.client.verify_token().status
        if status != 'active':
            raise Wrong('token_status', status=status)

    def _zone(self):
        zone = self.client.zone(self.spec.zone)
        if zone.name != self.spec.name:
            raise Wrong('zone_name', found=zone.name, wanted=self.spec.name)
        if zone.status != 'active':
            raise Wrong('zone_status', status=zone.status)

    def _records(self):
        usage = self.client.record_usage(self.spec.zone)
        self.figures.update(record_quota=usage.quota or 0, record_used=usage.used)
        self._near('records_near', usage.used, usage.quota)

    def _hostnames(self):
        quota = self.client.hostname_quota(self.spec.zone)
        most = quota.hard_cap or quota.allocated
        self.figures.update(hostname_quota=most, hostname_used=quota.used)
        self._near('hostnames_near', quota.used, most)

    def _near(self, problem, used, quota):
        if quota and used * 100 >= quota * self.percent:
            raise Wrong(problem, used=used, quota=quota)

    def _fallback(self):
        if not self.spec.fallback:
            raise Wrong('fallback_missing', example=f'fallback.{self.spec.name}')
        found = self.client.fallback_origin(self.spec.zone)
        if found.origin != self.spec.fallback or found.status != 'active':
            raise Wrong('fallback_status', origin=self.spec.fallback, status=found.status or 'unset')

    def _tunnel(self):
        if not self.spec.tunnel:
            raise Wrong('tunnel_missing')
        tunnel = self.client.tunnel(self.spec.tunnel)
        self.figures['tunnel_status'] = tunnel.status
        if tunnel.remote != self.spec.remote:
            raise Wrong('tunnel_remote' if tunnel.remote else 'tunnel_local')
        if tunnel.status in ('inactive', 'down'):
            raise Wrong('tunnel_status', status=tunnel.status)

    def _connectors(self):
        connectors = [connector for connector in self.client.connections(self.spec.tunnel) if not connector.is_pending]
        self.figures.update(connector_count=len(connectors), connectors_current=len(connectors))
        if not connectors:
            raise Wrong('connectors_none')
        if not self.spec.remote:
            return
        version, _document = self.client.configuration(self.spec.tunnel)
        old = [connector for connector in connectors if connector.config_version < version]
        self.figures.update(tunnel_version=version, connectors_current=len(connectors) - len(old))
        if old:
            raise Wrong('connectors_old', old=len(old), count=len(connectors), version=version)

    def _resolvers(self):
        for server in ask_servers(self.settings):
            if server.code:
                raise Wrong('resolver', address=f'{server.address}:{server.port}', code=server.code)


def _codes(looks):
    return {(look['part'], look['problem']) for look in looks or () if look['problem'] not in ('', 'not_asked')}
