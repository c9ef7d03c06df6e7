from odoo import api, models


class TenantWithAnotherStep(models.Model):
    """As an addon would have it that announces what is about to happen: apart from ours on purpose."""

    _inherit = 'saas.tenant'    # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _operation_steps(self, kind):
        steps = super()._operation_steps(kind)
        return [('announce', 'Announce it'), *steps] if kind == 'install_modules' else steps

    def _step_announce(self, step):
        return lambda: {'admin_name': 'Announced'}
