"""Runs in the shell of a master's Odoo: seal every stored secret with the first key of the vault.

Repeatable; afterwards the older keys can go. See docs/operations.md, "Secrets".
"""
# ruff: noqa: F821
from odoo.addons.saas_master.drivers.vault import Vault

vault, count = Vault.from_environment(), 0
for model in sorted(env):
    names = [name for name, field in env[model]._fields.items() if name.endswith('_sealed') and field.store]
    if not names or env[model]._abstract or env[model]._transient:
        continue
    for record in env[model].with_context(active_test=False, tracking_disable=True).search([]):
        sealed = {name: vault.rotate(record[name]) for name in names if record[name]}
        record.write(sealed)
        count += len(sealed)
env.cr.commit()  # pylint: disable=invalid-commit
print(f'{count} secrets are sealed with the first key.')
