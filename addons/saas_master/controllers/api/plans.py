"""/api/plans: what is on offer, for everybody."""
from odoo import http

from .endpoint import endpoint
from .schemas_tenants import PlanList
from .texts import _lt

FIELDS = ('code', 'name', 'tagline', 'price', 'trial_days', 'isolation', 'user_limit', 'domain_limit', 'disk_gib',
          'memory_mib', 'cpu_cores')


class PlansApi(http.Controller):

    @endpoint('GET', '/api/plans', tag='plans', summary=_lt('List the plans on offer'), who='none', answers={200: PlanList})
    def list_plans(self, call):
        plans = call.env['saas.plan'].sudo().search([('is_published', '=', True)])
        return {'items': [{**{name: plan[name] for name in FIELDS}, 'currency': plan.currency_id.name} for plan in plans],
                'total': len(plans)}
