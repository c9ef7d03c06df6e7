from odoo import fields, models

from ..series import Constraint


class SaasPlan(models.Model):
    """What is sold. Limits of 0 mean unlimited."""

    _name = 'saas.plan'
    _description = 'SaaS Plan'
    _inherit = 'saas.audited'
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help='Stands in links and in the API; letters, digits and hyphens.')
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_published = fields.Boolean('Published', help='Shown on the plans page of the website.')
    tagline = fields.Char(translate=True)
    description = fields.Html('Website Text', translate=True)
    currency_id = fields.Many2one('res.currency', required=True, default=lambda self: self.env.company.currency_id)
    price = fields.Monetary('Price per Month')
    trial_days = fields.Integer('Trial (days)', default=14)
    isolation = fields.Selection(
        [('shared', 'Shared server'), ('dedicated', 'Dedicated container')], required=True, default='shared')
    template_name = fields.Char('Template', required=True, default='template_tenant',
                                help='Name of the template that tenants of this plan are cloned from.')
    region = fields.Char(help='Tenants of this plan are placed on nodes of this region only; empty: on any.')
    cpu_cores = fields.Integer('CPU Cores', default=1)
    memory_mib = fields.Integer('Memory (MiB)', default=1024)
    disk_gib = fields.Integer('Disk (GiB)', default=10)
    user_limit = fields.Integer('Users', default=5)
    domain_limit = fields.Integer('Custom Domains', default=10)
    standby_pool_ids = fields.One2many('saas.standby.pool', 'plan_id', 'Standby Pools')
    tenant_ids = fields.One2many('saas.tenant', 'plan_id')

    _code_uniq = Constraint('UNIQUE (code)', 'Another plan has this code already.')
    _code_form = Constraint(
        "CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$')", 'A plan code has lower-case letters, digits and single hyphens.')
    _limits_positive = Constraint(
        'CHECK (trial_days >= 0 AND cpu_cores >= 0 AND memory_mib >= 0 AND disk_gib >= 0'
        ' AND user_limit >= 0 AND domain_limit >= 0 AND price >= 0)',
        'Prices, trial days and limits cannot be negative; a limit of 0 means unlimited.')
