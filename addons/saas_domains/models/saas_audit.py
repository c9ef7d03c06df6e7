from odoo import fields, models

ACTS = [('verify', 'Verify a domain'), ('activate', 'Publish a domain'), ('make_primary', 'Make a domain the primary one'),
        ('sync', 'Compare the edges'), ('apply_held', 'Apply what was held back')]


class SaasAudit(models.Model):
    _inherit = 'saas.audit'

    # an audit line outlives the addon that wrote it
    act = fields.Selection(selection_add=ACTS, ondelete={act: lambda lines: None for act, _label in ACTS})

    def _customer(self, record):
        return record.partner_id if record._name == 'saas.custom_domain' else super()._customer(record)
