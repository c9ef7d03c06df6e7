"""What the operations of a custom domain consist of."""
from odoo import _, api, models


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _operation_field(self):
        return 'domain_id'

    @api.model
    def _operation_steps(self, kind):
        steps = {
            'activate_domain': [
                ('cloudflare', _('Register the name at Cloudflare')),
                ('certificate', _('Wait for the certificate')),
                ('ingress', _('Lead the tunnel to it')),
                ('domain_route', _('Lead the name to the tenant')),
                ('probe', _('Check that it answers')),
                ('activated', _('Hand it over')),
                ('base_url', _('Tell the tenant its address')),
            ],
            'primary_domain': [
                ('domain_route', _('Lead the name to the tenant')),
                ('base_url', _('Tell the tenant its address')),
            ],
            'remove_domain': [
                ('domain_unroute', _('Close the name')),
                ('ingress', _('Take it out of the tunnel')),
                ('cloudflare_remove', _('Take it off Cloudflare')),
                ('removed', _('Note that it is gone')),
                ('base_url', _('Tell the tenant its address')),
            ],
        }
        return steps.get(kind) or super()._operation_steps(kind)
