from odoo import api, fields, models

from odoo.addons.saas_master.series import UniqueIndex

KINDS = [('activate_domain', 'Publish domain'), ('primary_domain', 'Change the primary domain'),
         ('remove_domain', 'Take domain off')]
MAKES_UP_FOR = {'activate_domain': ('activate_domain', 'remove_domain'), 'remove_domain': None}


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    kind = fields.Selection(selection_add=KINDS, ondelete={kind: 'cascade' for kind, _label in KINDS})
    domain_id = fields.Many2one('saas.custom_domain', ondelete='cascade', index=True, readonly=True)

    _domain_active_uniq = UniqueIndex(
        "(domain_id) WHERE state IN ('waiting', 'running')",
        'Another operation of this domain is still under way. Wait until it has ended.')

    @api.depends('domain_id')
    def _compute_display_name(self):
        return super()._compute_display_name()

    def _subject(self):
        return self.domain_id or super()._subject()

    @api.model
    def _cancellable(self):
        return (*super()._cancellable(), 'activate_domain')


class SaasOperationSubject(models.AbstractModel):
    _inherit = 'saas.operation.subject'

    @api.model
    def _makes_up_for(self, kind):
        return MAKES_UP_FOR[kind] if kind in MAKES_UP_FOR else super()._makes_up_for(kind)


class SaasOperationStep(models.Model):
    _inherit = 'saas.operation.step'

    domain_id = fields.Many2one(related='operation_id.domain_id')
