"""Bringing the edges in line with the records: all of a root domain at once, by a cron, a button, or a held-back change."""
import ipaddress
import logging

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.drivers.access import Access
from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.drivers.waiting import NotYet

from ..edge.cloudflare_plan import TooMuch
from ..edge.dns_check import Settings
from . import edge_hostnames, edge_ingress, edge_records
from .edge_common import EdgeSpec, problem_of

_logger = logging.getLogger(__name__)

AT_ONCE = 50            # custom hostnames made or removed in one turn; the rest follows in the next
HELD_ACTIVITY = 'saas_domains.mail_activity_root_held'


class SaasRootDomain(models.Model):
    _inherit = 'saas.root_domain'

    # -- what outside parts are told ------------------------------------------------------------

    def _edge_spec(self):
        """Plain values; Permanent where the token cannot be opened."""
        self.ensure_one()
        root = self.sudo()
        reload = tuple((root.reload_command or '').split()) if root.reload_mode == 'command' else 'replica'
        return EdgeSpec(
            id=root.id, name=root.name, master=self.env['ir.config_parameter'].sudo().get_param('database.uuid') or '',
            zone=root.cloudflare_zone or '', account=root.cloudflare_account or '', tunnel=root.tunnel_id or '',
            api_base=root.api_base, token=self.env['saas.node']._open_secret(root.api_token_sealed),
            per_host=root.edge_mode == 'per-host', remote=root.tunnel_management == 'remote', is_sandbox=root.is_sandbox,
            origin_service=root.origin_service, fallback=root.fallback_origin or '', probe_url=root.probe_url or '',
            access=root.node_id._access() if root.node_id else Access(), config_path=root.config_path or '',
            credentials_path=root.credentials_path or '', cloudflared=root.cloudflared_command or 'cloudflared',
            reload=reload)

    def _shared_targets(self):
        """What every customer's CNAME may end at beside a name of his own."""
        root = self.sudo()
        return [name for name in (root.tunnel_id and f'{root.tunnel_id}.cfargotunnel.com', root.fallback_origin) if name]

    def _dns_settings(self):
        root = self.sudo()
        return Settings(servers=tuple(root._servers()), public_only=not root.is_sandbox)

    def _servers(self):
        """(address, port) of each resolver."""
        return [_server(line) for line in map(str.strip, (self.dns_servers or '').splitlines()) if line]

    @api.constrains('dns_servers')
    def _check_servers(self):
        for root in self:
            try:
                servers = root._servers()
            except ValueError as error:
                raise ValidationError(_('A resolver is an IP address a line, with :port if it is not 53.')) from error
            if not servers:
                raise ValidationError(_('Without a resolver no name can be verified. Enter one address a line.'))

    # -- all of it ------------------------------------------------------------------------------

    @api.model
    def _cron_reconcile(self):
        transaction = self.env['saas.operation']._transaction
        for root in transaction(lambda: self.search([('active', '=', True)])):
            root._reconcile()
        self._sync_all_routes()

    def _sync_all_routes(self):
        """Tables of the nodes that names lead to, as the records want them; returns what went wrong, in words."""
        transaction, problems = self.env['saas.operation']._transaction, []
        nodes = transaction(lambda: self.env['saas.node'].union(*(node._router() for node in self.env[
            'saas.custom_domain'].sudo().search([('is_routed', '=', True)]).tenant_id.node_id)))
        for node in nodes:
            try:
                transaction(node._sync_routes)()
            except DriverError as error:
                problems.append(f'{node.name}: {error}')
                _logger.info('Routes of %s: %s', node.name, error)
        return problems

    def action_sync(self):
        """Bring records, hostnames, tunnel and routes in line now."""
        self.check_access('write')
        self.env['saas.audit']._note('sync', self)
        problems = [problem for root in self.sudo() for problem in root._reconcile()]
        problems += self.sudo()._sync_all_routes()
        return self._notice(problems, _('Compared: the edges are as the records want them.'))

    def action_apply_held(self):
        """Do what was held back because it would change or remove more than a third."""
        self.check_access('write')
        self.env['saas.audit']._note('apply_held', self)
        problems = []
        for root in self.sudo():
            if not root.held_plan:
                raise UserError(_('Nothing is held back for %s.', root.name))
            problems += root._reconcile({part: held['digest'] for part, held in root.held_plan.items()})
        return self._notice(problems, _('Done: the edges are as the records want them.'))

    def action_drop_held(self):
        """Forget what was held back; the next comparison looks anew."""
        self.check_access('write')
        self.sudo().write({'held_plan': False})
        self.sudo()._close_held()
        return True

    def _notice(self, problems, well):
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': 'warning' if problems else 'success', 'sticky': bool(problems), 'title': _('Root Domains'),
            'message': '\n'.join(problems) or well, 'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}

    def _reconcile(self, allowed=None):
        """Every part by itself, so that one that fails keeps no other from its work; returns what is wrong, in words.

        ``allowed``: by part, the digest of the very difference that a person has seen.
        """
        self.ensure_one()
        transaction, allowed = self.env['saas.operation']._transaction, allowed or {}
        try:
            spec, connect = transaction(lambda: (self._edge_spec(), self.env['saas.node']._cursor_maker()))
        except DriverError as error:
            problems, held = [problem_of(error)], {}
        else:
            problems, held = _run_parts(spec, connect, allowed)
        problems = [self._problem_words(problem) for problem in problems]
        self.env.invalidate_all()
        transaction(lambda: self._note_sync(problems, held))
        if problems or held:
            _logger.info('%s: %s', self.name, '; '.join(problems) or 'waits for a person')
        return problems + [_('%s waits for a person: see what would change.', self.name)] * bool(held)

    def _note_sync(self, problems, held):
        before = self.held_plan or {}
        self.write({'synced_at': fields.Datetime.now(), 'sync_error': '\n'.join(problems) or False, 'held_plan': held or False})
        if not held:
            self._close_held()
        elif {part: plan['digest'] for part, plan in held.items()} != {part: plan['digest'] for part, plan in before.items()}:
            self._tell_held()

    def _tell_held(self):
        manager = self.env['saas.operation.subject']._attention_user()
        root = self.with_context(lang=manager.lang)
        note = _('More than a third would be changed or removed. Look at the difference; apply it if it is right.')
        planned = root.activity_search([HELD_ACTIVITY])
        planned.write({'note': note}) if planned else root.activity_schedule(HELD_ACTIVITY, note=note, user_id=manager.id)

    def _close_held(self):
        self.activity_feedback([HELD_ACTIVITY], feedback=_('Nothing is held back any more.'))

    @api.depends('held_plan')
    def _compute_held_text(self):
        for root in self:
            lines = [line for held in (root.held_plan or {}).values() for line in held['lines']]
            root.held_text = '\n'.join(lines) or False

    @api.model_create_multi
    def create(self, vals_list):
        roots = super().create(vals_list)
        self._reconcile_soon()
        return roots

    def write(self, vals):
        if {'tunnel_id', 'cloudflare_account'} & vals.keys():
            vals = {**vals, 'tunnel_is_ours': False}        # another tunnel may have rules of somebody else
        result = super().write(vals)
        if {'tunnel_id', 'edge_mode', 'origin_service', 'fallback_origin', 'cloudflare_zone', 'active'} & vals.keys():
            self._reconcile_soon()
        return result

    @api.model
    def _reconcile_soon(self):
        cron = self.env.ref('saas_domains.cron_reconcile', raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()


def _server(line):
    """(address, port) of '9.9.9.9', '127.0.0.1:5300', '2620:fe::fe' or '[::1]:5300'; ValueError for anything else."""
    address, _sep, port = line.rpartition(':') if ']:' in line or line.count(':') == 1 else (line, '', '53')
    return str(ipaddress.ip_address(address.strip('[]'))), int(port)


def _run_parts(spec, connect, allowed):
    """(problems with code and values, {part: difference that waits for a person})."""
    problems, held = [], {}
    for part, work in (('records', _records), ('hostnames', _hostnames), ('ingress', _ingress)):
        try:
            problems += work(spec, connect, allowed.get(part, False)) or []
        except TooMuch as error:
            held[part] = {'digest': error.digest, 'lines': list(error.lines[:500]), 'count': error.count, 'total': error.total}
        except DriverError as error:
            problems.append(problem_of(error))
    return problems, held


def _records(spec, connect, allowed):
    kept = edge_records.reconcile(connect, spec, allowed)
    return [{'problem': 'foreign', 'values': {'found': line}} for line in kept]


def _hostnames(spec, connect, allowed):
    """Fallback origin, certificates, what is missing, and what nobody wants any more."""
    client = spec.client()
    if spec.fallback and client.fallback_origin(spec.zone).origin != spec.fallback:
        client.put_fallback_origin(spec.zone, spec.fallback)
    with connect() as cr:
        found, published = edge_hostnames.note_all(cr, spec)
        gone, total = edge_hostnames.orphans(cr, spec, found, published)
        lost = edge_hostnames.vanished(cr, spec, found)
    if len(gone) > 5 and len(gone) * 3 > total:
        lines = tuple(f'- {hostname.line}' for hostname in gone)
        digest = edge_ingress.digest_of(lines)
        if allowed not in (True, digest):
            raise TooMuch(len(gone), total, lines, digest)
    for hostname in gone[:AT_ONCE]:
        edge_hostnames.sweep(connect, spec, hostname)
    for domain_id, name, since in lost[:AT_ONCE]:
        edge_hostnames.ensure(connect, spec, domain_id, name, since)
    return []


def _ingress(spec, connect, allowed):
    answer = edge_ingress.sync(connect, spec, force=allowed)
    return [{'problem': 'spreading', 'values': {}}] if isinstance(answer, NotYet) else []
