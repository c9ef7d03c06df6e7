"""What people are told of a name: what to set in the DNS, what was found instead, what comes next."""
from odoo import _, models

from odoo.addons.saas_master.const import ACTIVE

MANAGED_BY = {
    'godaddy': 'GoDaddy', 'namecheap': 'Namecheap', 'cloudflare': 'Cloudflare', 'route53': 'Amazon Route 53', 'ionos': 'IONOS',
    'ovh': 'OVH', 'azure': 'Azure DNS', 'digitalocean': 'DigitalOcean', 'dondominio': 'DonDominio', 'namecom': 'name.com',
    'dnsimple': 'DNSimple', 'siteground': 'SiteGround', 'dreamhost': 'DreamHost', 'hostgator': 'HostGator',
    'cloudns': 'ClouDNS', 'dnsmadeeasy': 'DNS Made Easy', 'networksolutions': 'Network Solutions', 'register': 'Register.com',
}
FLATTENS = ('cloudflare', 'route53', 'namecheap', 'dnsimple', 'porkbun', 'gandi', 'cloudns', 'dnsmadeeasy', 'netlify', 'vercel')


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    # -- what to set ----------------------------------------------------------------------------

    def _instructions(self, lang=None):
        """The records to set, the one that matters first: dictionaries with type, record, host, value, note, is_required.

        ``record`` is the whole name, ``host`` what most providers want in the field "Name".
        """
        self.ensure_one()
        domain = (self.with_context(lang=lang) if lang else self).sudo()
        return [domain._pointing_record(), domain._token_record()]

    def _pointing_record(self):
        if self.is_apex:
            kind, note = 'ALIAS', _(
                'A name without www takes no CNAME. Set an ALIAS, ANAME or flattened CNAME where your provider has one; '
                'otherwise add www.%s here instead and redirect this name to it at your provider.', self.display_domain)
        else:
            kind, note = 'CNAME', _('Set this CNAME at your DNS provider. Remove A and AAAA records of the same name first.')
        return {'type': kind, 'record': self.external_domain, 'host': self._host_of(self.external_domain),
                'value': self.sajet_full_domain, 'note': ' '.join(filter(None, (note, self._provider_note()))),
                'is_required': True}

    def _token_record(self):
        record, needed = self._txt_name(), self.txt_required or self.is_apex
        note = (_('This token shows that the domain is yours. It is needed.') if needed else
                _('Needed only where your provider hides the CNAME (proxied or flattened); it shows that the domain is yours.'))
        return {'type': 'TXT', 'record': record, 'host': self._host_of(record), 'value': self.verification_token,
                'note': note, 'is_required': needed}

    def _host_of(self, name):
        return '@' if name == self.registrable else name.removesuffix(f'.{self.registrable}')

    def _provider_name(self):
        return MANAGED_BY.get(self.provider, (self.provider or '').capitalize())

    def _provider_note(self):
        """One more sentence for where the zone is kept, as far as its name servers told."""
        if self.provider == 'cloudflare':
            return _('Your DNS is at Cloudflare: set the record to "DNS only" (grey cloud), not "Proxied".')
        if self.is_apex and self.provider in FLATTENS:
            return _('Your DNS is at %s, which offers this for a name without www.', self._provider_name())
        if self.provider:
            return _('Your DNS is at %s. Enter only the short name in the field for the host.', self._provider_name())
        return ''

    # -- what was found -------------------------------------------------------------------------

    def _verdict(self):
        """The last check in words: outcome, code, message, expected, found (list), next_step, warnings (list)."""
        self.ensure_one()
        domain = self.sudo()
        words = domain._outcome_words()
        message, step = words.get(domain.last_code or domain.last_outcome or '') or words['']
        if domain.lost_at:
            message, step = domain._ended_words()
        elif domain.last_outcome == 'no' and domain.verification_status == 'verified' and not domain.left_at:
            message = _('The domain is yours, but it does not lead to us yet.')
        return {
            'outcome': domain.last_outcome or '', 'code': domain.last_code or '', 'message': message,
            'expected': domain.last_expected or domain.sajet_full_domain, 'found': list(domain.last_found or ()),
            'next_step': step or domain._next_step(),
            'warnings': [domain._warning_words(warning) for warning in domain.last_warnings or ()],
        }

    def _values(self):
        return {'name': self.display_domain, 'target': self.sajet_full_domain, 'txt': self._txt_name(),
                'token': self.verification_token, 'found': ', '.join(self.last_found or ()) or '–'}

    def _outcome_words(self):
        """Code -> (what is the matter, what to do next); '' as the next step: what the state asks for."""
        values = self._values()
        cname = (_('Set an ALIAS (or flattened CNAME) %(name)s → %(target)s at your DNS provider, and the TXT record %(txt)s.',
                   **values) if self.is_apex else _('Set the CNAME %(name)s → %(target)s at your DNS provider.', **values))
        txt = _('Set the TXT record %(txt)s with the value %(token)s.', **values)
        wait = _('Nothing to do: it is asked again by itself in a few minutes.')
        return {
            '': (_('It has not been checked yet.'), cname),
            'yes': (_('The domain points here.'), ''),
            'no_record': (_('%(name)s leads nowhere.', **values) if self.is_apex else
                          _('There is no CNAME for %(name)s.', **values), cname),
            'nxdomain': (_('%(name)s does not exist in the DNS.', **values), cname),
            'wrong_cname': (_('%(name)s leads to %(found)s instead of %(target)s.', **values), cname),
            'wrong_address': (_('%(name)s leads to other addresses: %(found)s.', **values),
                              _('Remove its A and AAAA records. Then: %s', cname)),
            'flattened_needs_txt': (_('%(name)s leads here, but the CNAME is hidden, so it does not show whose domain it is.',
                                      **values), txt),
            'txt_missing': (_('The TXT record %(txt)s is missing.', **values), txt),
            'txt_wrong': (_('The TXT record %(txt)s says something else: %(found)s.', **values), txt),
            'chain_too_long': (_('%(name)s leads over too many CNAMEs: %(found)s.', **values), cname),
            'loop': (_('The CNAMEs of %(name)s lead in a circle: %(found)s.', **values), cname),
            'dangling_cname': (_('%(name)s leads to %(found)s, which does not exist.', **values), cname),
            'multiple_cname': (_('%(name)s has more than one CNAME: %(found)s.', **values), _('Leave one only. %s', cname)),
            'servfail': (_('The name servers of the domain answer with an error (SERVFAIL), so nothing can be said.'),
                         _('It is asked again by itself. If this stays so, ask your DNS provider (often it is DNSSEC).')),
            'timeout': (_('The name servers of the domain did not answer in time, so nothing can be said.'), wait),
            'disagree': (_('Resolvers disagree at this moment: a change is still spreading.'), wait),
            'lame': (_('The name servers named for the domain do not know it.'),
                     _('Correct the name servers at your registrar.')),
            'refused': (_('The name servers of the domain refuse to answer.'), wait),
            'no_answer': (_('The DNS could not be asked.'), wait),
        }

    def _ended_words(self):
        return {
            'proved_by_other': (_('Another customer has proven that this domain is his.'),
                                _('If it is yours, add it again and set the TXT record.')),
            'tenant_deleted': (_('Its tenant was deleted.'), _('Add it again for another tenant.')),
        }.get(self.lost_reason) or (_('The domain was removed.'), _('Add it again when it is to lead here.'))

    def _next_step(self):
        if self.is_active:
            return _('The domain is active and works.')
        if self.verification_status == 'verified':
            problem = self._publish_problem()
            return problem or _('It is published by itself within minutes.')
        return _('Set the DNS record, then verify.')

    def _warning_words(self, warning):
        """One sentence; by the codes of ``dns_values.WARNING_CODES``."""
        values = {key: ', '.join(map(str, value)) if isinstance(value, list | tuple) else value
                  for key, value in (warning.get('values') or {}).items()}
        told = {
            'caa_blocks': _('A CAA record at %(name)s lets only %(allowed)s issue certificates: allow one of %(needed)s too.'),
            'aaaa_left': _('There are old AAAA records (%(addresses)s): remove them, or some visitors go there.'),
            'a_left': _('There are old A records (%(addresses)s): remove them, or some visitors go there.'),
            'conflicting_records': _('There are several records that contradict each other (%(found)s): leave one.'),
            'ttl_high': _('The TTL is %(ttl)s seconds: changes take that long. 300 is enough until all works.'),
            'txt_missing_optional': _('The TXT record %(name)s is not set. It is optional, and makes moves safer.'),
            'apex_cname': _('A CNAME at a name without www breaks mail and other records of the domain. Use ALIAS or www.'),
            'proxied': _('The record is proxied at Cloudflare: set it to "DNS only".'),
            'private_address': _('It leads to a private address (%(addresses)s), which nobody outside reaches.'),
        }.get(warning.get('code'))
        try:
            return told % values if told else warning.get('code', '')
        except KeyError:
            return told

    # -- where it stands ------------------------------------------------------------------------

    def _customer_state(self):
        """(key, label, level) of the one thing a customer wants to know; level is success, info, warning or danger."""
        self.ensure_one()
        domain = self.sudo()
        if domain.lost_at:
            return 'ended', _('Removed'), 'secondary'
        if domain.left_at:
            return 'left', _('Points elsewhere'), 'warning'
        if domain.attention or domain.ssl_status == 'failed':
            return 'error', _('Needs attention'), 'danger'
        if domain.is_active:
            return 'active', _('Active'), 'success'
        if domain.to_publish:
            return 'publishing', _('Being published'), 'info'
        return {
            'pending': ('pending', _('Waiting for the DNS record'), 'warning'),
            'verifying': ('verifying', _('Being verified'), 'info'),
            'verified': ('verified', _('Verified'), 'info'),
            'failed': ('failed', _('Not verified'), 'danger'),
        }[domain.verification_status]

    def _customer_status(self):
        """What is under way. ``key`` changes whenever the page has something else to show than a moved bar."""
        self.ensure_one()
        domain = self.sudo()
        operation = domain._active_operation()
        progress = operation._progress() if operation else {}
        state, label, level = domain._customer_state()
        shown = (state, domain.last_code, domain.checked_at, domain.is_primary, domain.ssl_status, operation.id)
        return {
            'key': '/'.join(str(part) for part in shown), 'busy': operation.state in ACTIVE, 'state': state,
            'state_label': label, 'level': level, 'title': self._customer_words().get(operation.kind, ''),
            'percent': min(progress.get('percent', 0), 99), 'label': progress.get('label', ''),
            'steps': [{'name': step['name'], 'state': step['state']} for step in progress.get('steps', [])],
        }

    def _customer_words(self):
        return {'activate_domain': _('Being published'), 'primary_domain': _('Becoming the primary domain'),
                'remove_domain': _('Being taken off')}

    def _customer_acts(self):
        """Which buttons fit the state and the right of the present person."""
        self.ensure_one()
        domain, may = self.sudo(), self._may_act()
        living = may and not domain.lost_at
        return {
            'open': domain.is_active, 'verify': living and domain.verification_status != 'verified',
            'check': living, 'activate': living and not domain.to_publish and not domain._publish_problem(),
            'make_primary': living and domain.is_active and not domain.is_primary and not domain._active_operation(),
            'remove': living,
        }
