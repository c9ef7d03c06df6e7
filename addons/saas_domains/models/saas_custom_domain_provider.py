"""The records to set, as the form of the customer's DNS provider wants them, and where that form is."""
from odoo import _, models

from .. import provider_words


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _provider_records(self):
        """``_instructions`` for the form at hand: kind, fields as (code, label, value), and whether the record is needed."""
        self.ensure_one()
        domain, code = self.sudo(), self.sudo().provider
        panel, labels = provider_words.panel(code), self._provider_labels()
        return [{
            'type': record['type'], 'record': record['record'], 'is_required': record['is_required'],
            'fields': [
                ('type', _('Type'), domain._provider_type(record)),
                ('host', labels[panel.host], provider_words.host(code, record['record'], domain.registrable)),
                ('value', labels[panel.value if record['type'] != 'TXT' else 'value'],
                 record['value'] if record['type'] == 'TXT' else provider_words.target(code, record['value'])),
                ('ttl', _('TTL'), self._provider_ttl(panel.ttl)),
            ]} for record in domain._instructions()]

    def _provider_type(self, record):
        """What a name without www needs is called differently everywhere."""
        return record['type'] if record['type'] != 'ALIAS' else self._provider_alias() or _('ALIAS or ANAME')

    def _provider_labels(self):
        """What the fields of the form are called."""
        return {
            'name': _('Name'), 'host': _('Host'), 'host_name': _('Host name'), 'record_name': _('Record name'),
            'dns_name': _('DNS name'), 'subdomain': _('Subdomain'), 'source': _('Source'), 'host_record': _('Host record'),
            'value': _('Value'), 'target': _('Target'), 'canonical_name': _('Canonical name'), 'data': _('Data'),
            'points_to': _('Points to'), 'alias_of': _('Is an alias of'), 'alias_to': _('Alias to'), 'alias': _('Alias'),
            'target_name': _('Target name'), 'answer': _('Answer'), 'record': _('Record'),
        }

    def _provider_ttl(self, code):
        words = {'': _('leave what is there'), 'auto': _('Auto'), 'automatic': _('Automatic'), 'half_hour': _('½ hour')}
        return words.get(code, code)

    def _provider_alias(self):
        """The type of record that leads a name without www to another name; '' where there is none."""
        return provider_words.panel(self.provider).alias

    def _provider_forward(self):
        """What the provider calls sending visitors on to another name; '' if that is not known."""
        words = {
            'forwarding': _('Forwarding'), 'forwards': _('Forwards'), 'redirects': _('Redirects'), 'url_record': _('URL record'),
            'redirection': _('Redirection'), 'url_redirect': _('URL Redirect Record'), 'redirect_rules': _('Redirect Rules'),
        }
        return words.get(provider_words.panel(self.provider).forward, '')

    def _provider_path(self):
        """Where the form is, as steps through the provider's pages."""
        name = self.registrable
        paths = {
            'godaddy': (_('My Products'), name, _('DNS'), _('Add New Record')),
            'namecheap': (_('Domain List'), name, _('Manage'), _('Advanced DNS'), _('Add New Record')),
            'cloudflare': (name, _('DNS'), _('Records'), _('Add record')),
            'route53': (_('Hosted zones'), name, _('Create record')),
            'google': (_('Cloud DNS'), name, _('Add standard')),
            'squarespace': (_('Domains'), name, _('DNS Settings'), _('Add record')),
            'ionos': (_('Domains & SSL'), name, _('DNS'), _('Add record')),
            'ovh': (_('Web Cloud'), _('Domain names'), name, _('DNS zone'), _('Add an entry')),
            'gandi': (_('Domains'), name, _('DNS Records'), _('Add record')),
            'hostinger': (_('Domains'), name, _('DNS / Name Servers'), _('Add record')),
            'digitalocean': (_('Networking'), _('Domains'), name, _('Create new record')),
            'wix': (_('Domains'), name, _('Manage DNS Records'), _('Add Record')),
            'hover': (name, _('DNS'), _('Add a record')),
            'porkbun': (_('Domain Management'), name, _('DNS')),
            'azure': (_('DNS zones'), name, _('Record set')),
            'arsys': (_('Domains'), name, _('DNS management')),
            'dondominio': (_('Domains'), name, _('DNS zone')),
            'dinahosting': (_('Domains'), name, _('DNS zone')),
            'hetzner': (_('DNS'), name, _('Add record')),
            'siteground': (_('Site Tools'), _('Domain'), _('DNS Zone Editor')),
            'bluehost': (_('Domains'), name, _('DNS'), _('Add record')),
            'hostgator': (_('cPanel'), _('Zone Editor'), name, _('Manage')),
            'namecom': (_('My Domains'), name, _('DNS Records')),
        }
        return paths.get(self.provider, ())

    def _provider_tips(self):
        """What is special at this provider and would otherwise cost the customer an hour."""
        tips = {
            'godaddy': _('There is a CNAME "www" already: change that one instead of adding a second.'),
            'namecheap': _('Remove the records of the parking page (a CNAME "www" and a URL redirect) first.'),
            'cloudflare': _('Switch "Proxy status" off, so that the cloud is grey and says "DNS only".'),
            'route53': _('Leave the switch "Alias" off: it only leads to services of Amazon.'),
            'squarespace': _('Remove the block "Squarespace Defaults" first, it has the same names.'),
            'ionos': _('If IONOS says that the name is in use, let it replace the record that is there.'),
            'ovh': _('Keep the dot at the end of the target: without it OVH adds your domain to it.'),
            'gandi': _('Keep the dot at the end: without it Gandi adds your domain to it.'),
            'hetzner': _('Keep the dot at the end of the value: without it your domain is added to it.'),
            'hostinger': _('There is a record "www" already: remove it first.'),
            'wix': _('There is a CNAME "www" already: change that one instead of adding a second.'),
            'hostgator': _('Here the whole name stands in the first field, with a dot at its end.'),
            'dreamhost': _('Remove the hosting of the same name first, or DreamHost refuses the record.'),
        }
        return tips.get(self.provider, '')
