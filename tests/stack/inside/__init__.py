"""Programs that the stack runs in the environment with Odoo's libraries; nothing here is imported by the stack."""
