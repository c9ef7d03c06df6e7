def uninstall_hook(env):
    """ The triggers on the tables of other addons call a function that would find its table gone. """
    env.cr.execute('DROP FUNCTION IF EXISTS saas_label_guard() CASCADE')
