def post_init_hook(env):
    """ Odoo copies a menu to each website before its translations are loaded: give the copies theirs. """
    menu = env.ref('saas_master.website_menu_plans')
    for copy in env['website.menu'].search([('url', '=', menu.url), ('id', '!=', menu.id)]):
        for code, _name in env['res.lang'].get_installed():
            copy.with_context(lang=code).name = menu.with_context(lang=code).name


def uninstall_hook(env):
    """ Tables take their triggers along, not the function these call. """
    env.cr.execute('DROP FUNCTION IF EXISTS saas_audit_guard() CASCADE')
