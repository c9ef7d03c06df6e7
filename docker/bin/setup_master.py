"""Runs in Odoo's shell on the master's database: what no data file can know of this deployment."""
# ruff: noqa: F821
import os
from pathlib import Path

admin = env.ref('base.user_admin')
if not admin.login_date:        # from the first login on the password is a person's own affair
    admin.password = (Path(os.environ['SAAS_RUN']) / 'admin_password').read_text().strip()
for partner in admin.partner_id | env.ref('base.main_company').partner_id:
    if not partner.email or partner.email.endswith('example.com'):
        partner.email = os.environ['SAAS_MAIL_FROM']
parameters = env['ir.config_parameter'].sudo()
parameters.set_param('web.base.url', os.environ['SAAS_MASTER_URL'])
parameters.set_param('web.base.url.freeze', 'True')
env['website'].search([]).language_ids |= env['res.lang'].search([])
env.cr.commit()  # pylint: disable=invalid-commit
