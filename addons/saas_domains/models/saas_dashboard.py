"""Custom domains on the first page of staff: three queries, however many domains there are."""
from odoo import _, api, models

LISTED = 5                  # the longest unverified on the page itself; the rest is behind the link

DOMAINS = """
    SELECT root_domain_id, verification_status, is_active, alert, attention, count(*)
      FROM saas_custom_domain WHERE lost_at IS NULL GROUP BY 1, 2, 3, 4, 5"""
UNVERIFIED = f"""
    SELECT d.id, d.display_domain, p.name, d.create_date
      FROM saas_custom_domain d JOIN res_partner p ON p.id = d.partner_id
     WHERE d.lost_at IS NULL AND d.verification_status <> 'verified' ORDER BY d.create_date, d.id LIMIT {LISTED}"""
MODEL = 'saas.custom_domain'
LIVING = ('lost_at', '=', False)


class SaasDashboard(models.AbstractModel):
    _inherit = 'saas.dashboard'

    @api.model
    def _sections(self):
        return [*super()._sections(), 'domains']

    def _figures_domains(self):
        """By status, by what is wrong and by root domain, from one walk over one index."""
        rows = self._rows(DOMAINS)
        return {
            'total': self._domains(rows, _('Custom domains'), [], lambda *row: True),
            'active': self._domains(rows, _('Active'), [('is_active', '=', True)],
                                    lambda _root, _status, active, _alert, _failed: active),
            'inactive': self._domains(rows, _('Inactive'), [('is_active', '=', False)],
                                      lambda _root, _status, active, _alert, _failed: not active),
            'unverified': self._domains(rows, _('Not verified'), [('verification_status', '!=', 'verified')],
                                        lambda _root, status, _active, _alert, _failed: status != 'verified'),
            'errors': self._domains(rows, _('Failed operations'), [('attention', '>', 0)],
                                    lambda _root, _status, _active, _alert, failed: failed),
            'statuses': self._domains_by(rows, 'verification_status', 1),
            'alerts': [figure for figure in self._domains_by(rows, 'alert', 3) if figure['count']],
            'roots': self._domain_roots(rows),
            'oldest': [{'id': domain, 'name': name, 'customer': customer or '', 'since': str(since)}
                       for domain, name, customer, since in self._rows(UNVERIFIED)],
        }

    def _domains(self, rows, label, condition, wanted, **more):
        count = sum(row[-1] for row in rows if wanted(*row[:-1]))
        return self._figure(count, label, MODEL, [LIVING, *condition], **more)

    def _domains_by(self, rows, field, column):
        labels = self.env[MODEL]._fields[field]._description_selection(self.env)
        return [self._domains(rows, label, [(field, '=', value)], lambda *row, value=value: row[column] == value, value=value)
                for value, label in labels]

    def _domain_roots(self, rows):
        """The root domains with what is left of their quotas."""
        roots = self.env['saas.root_domain'].search([('active', '=', True)])
        health = dict(roots._fields['health']._description_selection(self.env))
        return [self._domains(
            rows, root.name, [('root_domain_id', '=', root.id)], lambda *row, root=root: row[0] == root.id,
            id=root.id, health=root.health, health_label=health[root.health], note=root.health_note or '',
            is_sandbox=root.is_sandbox, is_held=bool(root.held_plan),
            quotas=[{'name': 'hostnames', 'used': root.hostname_used, 'quota': root.hostname_quota},
                    {'name': 'records', 'used': root.record_used, 'quota': root.record_quota}]) for root in roots]
