from odoo import fields, models

from odoo.addons.saas_master.series import UniqueIndex

KINDS = [('activate_domain', 'Publish domain'), ('primary_domain', 'Change the primary domain'),
         ('remove_domain', 'Take domain off')]


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    kind = fields.Selection(selection_add=KINDS, ondelete={kind: 'cascade' for kind, _label in KINDS})
    domain_id = fields.Many2one('saas.custom_domain', 'Domain', ondelete='cascade', index=True, readonly=True)

    _domain_active_uniq = UniqueIndex(
        "(domain_id) WHERE state IN ('waiting', 'running')",
        'Another operation of this domain is still under way. Wait until it has ended.')

    def _subject(self):
        return self.domain_id or super()._subject()


class SaasOperationStep(models.Model):
    _inherit = 'saas.operation.step'

    domain_id = fields.Many2one(related='operation_id.domain_id')
