from odoo import models


class SaasNode(models.Model):
    _inherit = 'saas.node'
