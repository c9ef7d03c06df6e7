"""Who holds a name: several customers may claim one, one can prove it, and none keeps what has left."""
from collections import namedtuple
from datetime import timedelta

from odoo import fields, models

# Whether a CNAME to our names proves anything. ``label``: the domain's own subdomain was never another customer's, so
# whoever points there does so for this claim; ``host``: the same of the tenant's address; ``alone``: nobody else ever
# proved or now claims the name, so that even a CNAME to what all share (tunnel, fallback origin) is his.
Trust = namedtuple('Trust', 'label host alone')
TRUST = """
    SELECT d.id,
           NOT EXISTS (SELECT FROM saas_custom_domain o
                        WHERE o.sajet_subdomain = d.sajet_subdomain AND o.partner_id <> d.partner_id)
           AND NOT EXISTS (SELECT FROM saas_tenant o WHERE o.name = d.sajet_subdomain AND o.id IS DISTINCT FROM d.tenant_id
                              AND o.partner_id IS DISTINCT FROM d.partner_id),
           t.id IS NOT NULL
           AND NOT EXISTS (SELECT FROM saas_tenant o
                            WHERE o.name = t.name AND o.id <> t.id AND o.partner_id IS DISTINCT FROM d.partner_id)
           AND NOT EXISTS (SELECT FROM saas_custom_domain o WHERE o.sajet_subdomain = t.name AND o.partner_id <> d.partner_id),
           NOT EXISTS (SELECT FROM saas_custom_domain o
                        WHERE o.external_domain = d.external_domain AND o.partner_id <> d.partner_id
                          AND (o.lost_at IS NULL OR o.verified_at IS NOT NULL))
      FROM saas_custom_domain d LEFT JOIN saas_tenant t ON t.id = d.tenant_id WHERE d.id IN %s"""
GONE = {'to_publish': False, 'is_routed': False, 'is_active': False, 'is_primary': False}
CALM = {'left_at': False, 'unpublish_at': False, 'contested_by_id': False, 'contest_ends_at': False, 'alert': False}


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _trust(self):
        """What a CNAME would prove for each of these, by id."""
        nothing = Trust(True, True, False)
        ids = tuple(domain.id for domain in self if isinstance(domain.id, int))
        if not ids:
            return dict.fromkeys(self.mapped('id'), nothing)
        self.flush_model(['sajet_subdomain', 'external_domain', 'partner_id', 'tenant_id', 'lost_at', 'verified_at'])
        self.env['saas.tenant'].flush_model(['name', 'partner_id'])
        self.env.cr.execute(TRUST, [ids])
        found = {row[0]: Trust(*row[1:]) for row in self.env.cr.fetchall()}
        return {domain.id: found.get(domain.id, nothing) for domain in self}

    def _holders(self):
        """By name, the claim of another customer that is verified now."""
        holders = self.sudo().search([('external_domain', 'in', self.mapped('external_domain')), ('lost_at', '=', False),
                                      ('verification_status', '=', 'verified'), ('id', 'not in', self.ids)])
        return {holder.external_domain: holder for holder in holders}

    # -- proof ----------------------------------------------------------------------------------

    def _proven(self, findings):
        """These were proven just now: verified, unless another customer still has to be given notice."""
        holders = self._holders()
        fresh = self.browse()
        for domain in self.sorted('id'):
            holder = holders.get(domain.external_domain)
            if not holder or domain._wins(holder, findings[domain.id]):
                if holder:
                    holder._lose_to(domain)
                fresh |= domain
                holders[domain.external_domain] = domain
        fresh._become_verified()
        return fresh

    def _become_verified(self):
        if not self:
            return
        self._set_status('verified')
        self.write({'verified_at': fields.Datetime.now(), 'proved_at': False, 'error': False, 'check_count': 0,
                    'left_at': False, 'unpublish_at': False, 'alert': False})
        self.flush_recordset()
        for domain in self:
            domain._close_alerts()
            domain._emit('verified')

    def _wins(self, holder, finding):
        """Whether the name passes on at once: it leads to this claim, or no longer to the holder's, or notice is over."""
        now = fields.Datetime.now()
        hours = self.env['saas.domain.settings']._number('contest_hours')
        over = holder.contested_by_id == self and holder.contest_ends_at and holder.contest_ends_at <= now
        if finding.evidence == 'cname' or holder.left_at or not hours or over:
            return True
        if holder.contested_by_id != self:
            self._contest(holder, now + timedelta(hours=hours))
        self.write({'proved_at': self.proved_at or now, 'next_check_at': min(
            filter(None, (self.next_check_at, holder.contest_ends_at)))})
        return False

    def _contest(self, holder, until):
        """Tell who holds the name that another customer has shown to own it."""
        holder.write({'contested_by_id': self.id, 'contest_ends_at': until, 'alert': 'contested',
                      'next_check_at': fields.Datetime.now()})
        holder._plan_alert('contested')
        holder._mail('contested')
        holder._emit('contested')

    def _withdraw_contest(self):
        """The proof of these is gone again: whom they contested keeps the name."""
        held = self.sudo().search([('contested_by_id', 'in', self.ids), ('lost_at', '=', False)])
        held.write({'contested_by_id': False, 'contest_ends_at': False, 'alert': False})
        self.filtered('proved_at').write({'proved_at': False})
        for holder in held:
            holder._close_alerts()

    def _lose_to(self, winner):
        self._end_claim('proved_by_other')
        self._mail('lost')
        self._emit('lost')

    # -- the end --------------------------------------------------------------------------------

    def _end_claim(self, reason):
        """Nothing of the name is served any more; what the edges have of it is taken away by an operation."""
        for domain in self.sudo().filtered(lambda domain: not domain.lost_at):
            domain._withdraw_contest()
            domain.write({**GONE, **CALM, 'lost_at': fields.Datetime.now(), 'lost_reason': reason, 'next_check_at': False})
            domain.flush_recordset()
            domain._close_alerts()
            domain._settle()

    def _unpublish(self):
        """The name has pointed elsewhere for too long: it starts from the beginning, and the edges forget it."""
        now = fields.Datetime.now()
        for domain in self.sudo():
            domain.write({**GONE, **CALM, 'verification_status': 'pending', 'check_count': 0, 'trying_since': now,
                          'next_check_at': now + timedelta(minutes=1)})
            domain.flush_recordset()
            domain._close_alerts()
            domain._mail('unpublished')
            domain._emit('unpublished')
            domain._settle()

    def _settle(self):
        """Open what takes off the edges what is not to be there; whatever is under way ends first.

        Who ends a claim and who ends an operation may do so at the same moment, each blind to the other. Both update
        the row here: the later one is refused (REPEATABLE READ), repeated, and then sees.
        """
        self.env.flush_all()
        self.env.cr.execute('UPDATE saas_custom_domain SET nonce = nonce WHERE id IN %s', [tuple(self.ids) or (0,)],
                            log_exceptions=False)
        for domain in self.sudo():
            operation = domain._active_operation()
            if domain.to_publish or not domain._has_edges():
                continue
            if not operation:
                if not domain._removal_failed():
                    domain._open('remove_domain', priority=5)
            elif operation.kind != 'remove_domain' and not operation.cancel_requested:
                operation.cancel_requested = True
                operation._wake()

    def _removal_failed(self):
        """Whether taking it off waits for a person: opened again by itself it would fail for ever."""
        return self.attention and bool(self.env['saas.operation'].sudo().search_count(
            [('domain_id', '=', self.id), ('kind', '=', 'remove_domain'), ('attention', '=', True)], limit=1))
