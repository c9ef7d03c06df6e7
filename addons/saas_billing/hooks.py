OURS = ('ended', 'paused')      # codes of the suspension reasons that go with the addon


def uninstall_hook(env):
    """Who was closed for the sake of money stays closed until staff decide, names that waited for a payment are free, and
    what had to be paid for is not given away on the website."""
    env['saas.checkout'].search([])._give_up('abandoned')
    reasons = env['saas.suspension.reason'].search([('code', 'in', OURS)])
    tenants = env['saas.tenant'].search([('reason_ids', 'in', reasons.ids), ('state', 'not in', ('deleting', 'deleted'))])
    staff = env['saas.suspension.reason'].search([('code', '=', 'staff')])
    tenants.write({'reason_ids': [(4, reason.id) for reason in staff]})
    env['saas.plan'].with_context(active_test=False).search([('payment', '!=', 'none')]).write({'is_published': False})
