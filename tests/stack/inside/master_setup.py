"""Runs in Odoo's shell on the master's database: what the stack decides and no data file can know."""
import os

env = env  # noqa: F821, PLW0127 -- the shell's
url = os.environ['SAAS_URL']

env.ref('base.user_admin').password = os.environ['ADMIN_PASSWORD']
for partner in env.ref('base.user_admin').partner_id | env.ref('base.main_company').partner_id:
    if not partner.email or partner.email.endswith('example.com'):
        partner.email = os.environ['SAAS_MAIL']
parameters = env['ir.config_parameter'].sudo()
parameters.set_param('web.base.url', url)
parameters.set_param('web.base.url.freeze', 'True')
parameters.set_param('saas_master.signup_per_hour', '500')     # here all visitors come from one address
if 'website' in env:
    env['website'].search([]).language_ids |= env['res.lang'].search([])
env.cr.commit()
