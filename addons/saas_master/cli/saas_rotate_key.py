import argparse
import sys
import warnings

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class SaasRotateKey(Command):
    """Seal every stored secret with the first key of SAAS_SECRET_KEY or SAAS_SECRET_KEY_FILE"""

    name = 'saas_rotate_key'        # Odoo 19.0 loads this file by its name, outside of the addon: no relative imports

    def run(self, args):
        parser = argparse.ArgumentParser(
            prog='odoo-bin saas_rotate_key', description=self.__doc__ + '. Put the new key first, the old one after it, '
            'run this, remove the old one. Repeating it does no harm.', epilog='All other options are those of Odoo: -c, -d …')
        parser.add_argument('--check', action='store_true', help='only look whether every secret can be opened')
        options, rest = parser.parse_known_args(args)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')     # later series ask for an argument that 17.0 does not have
            config.parse_config(rest)
        names = config['db_name']
        names = names.split(',') if isinstance(names, str) else list(names or ())
        if len(names) != 1:
            sys.exit('Name one database: -d <database>.')
        sys.exit(self._rotate(names[0], options.check))

    def _rotate(self, database, check):
        registry = Registry(database)
        if 'saas.node' not in registry:
            return f'saas_master is not installed in the database {database}. Name the master\'s database: -d <database>.'
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.saas_master.drivers.errors import Permanent
        from odoo.addons.saas_master.drivers.vault import Vault
        from odoo.addons.saas_master.rotation import rotate
        try:
            with registry.cursor() as cr:       # commits at its end, unless something went wrong
                count = rotate(api.Environment(cr, SUPERUSER_ID, {}), Vault.from_environment(), check)
        except Permanent as error:
            return f'Nothing was changed. {error}'
        sys.stdout.write(f'{count} stored secrets {"can be opened" if check else "are sealed with the first key"}.\n')
        return 0
