from odoo import fields, models


class SaasPlan(models.Model):
    _inherit = 'saas.plan'

    domain_txt_required = fields.Boolean('TXT Record Required', help='Custom domains of this plan are proven by the token '
                                         'alone; otherwise a CNAME to the tenant is enough.')
