from odoo import fields, models

from ..series import Constraint


class SaasSuspensionReason(models.Model):
    """Why a tenant is closed. A tenant holds a set of them and runs only while the set is empty."""

    _name = 'saas.suspension.reason'
    _description = 'Suspension Reason'
    _inherit = 'saas.audited'
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    customer_text = fields.Char(translate=True, help='What the customer is told, and what he can do.')

    _code_uniq = Constraint('UNIQUE (code)', 'Another suspension reason has this code already.')
