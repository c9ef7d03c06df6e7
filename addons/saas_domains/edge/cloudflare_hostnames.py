"""Custom hostnames (Cloudflare for SaaS): a customer's name, its certificate, and the origin all of them lead to."""
from datetime import timedelta

from ...saas_master.drivers.errors import DriverError, NotFound, Permanent, Retryable
from . import cloudflare_errors as errors
from .cloudflare_parse import dicts, instant, mapping, number, text, words
from .cloudflare_types import METADATA_KEY, CustomHostname, FallbackOrigin, HostnameQuota, ValidationRecord

SSL_WRITE = 'SSL and Certificates Write'
HOSTNAMES_A_PAGE = 1000
CLOCK_SKEW = timedelta(seconds=30)      # between Cloudflare and us


class Hostnames:

    # -- reading ------------------------------------------------------------------------------------------------------

    def custom_hostnames(self, zone):
        """All of the zone, whoever made them, sorted by name."""
        rows = self._paged(('zones', zone, 'custom_hostnames'), 'Listing custom hostnames', SSL_WRITE, HOSTNAMES_A_PAGE)
        return sorted(map(_hostname, rows), key=lambda found: (found.hostname, found.id))

    def custom_hostname(self, zone, hostname_id):
        answer = self._call('GET', ('zones', zone, 'custom_hostnames', hostname_id), 'Looking at a custom hostname', SSL_WRITE)
        return _hostname(answer.result)

    def custom_hostname_named(self, zone, hostname):
        """None if there is none."""
        rows = self._paged(('zones', zone, 'custom_hostnames'), f'Looking for the custom hostname {hostname}', SSL_WRITE,
                           HOSTNAMES_A_PAGE, {'hostname': hostname})
        return next((found for found in map(_hostname, rows) if found.hostname == hostname.lower()), None)

    def hostname_quota(self, zone):
        found = mapping(self._call('GET', ('zones', zone, 'custom_hostnames', 'quota'), 'Counting custom hostnames',
                                   SSL_WRITE).result)
        return HostnameQuota(number(found, 'allocated'), number(found, 'used'), number(found, 'hard_cap'),
                             found.get('exceeded') is True)

    # -- writing ------------------------------------------------------------------------------------------------------

    def create_custom_hostname(self, zone, hostname, method='http', metadata=None, since=None):
        """Make it, or adopt what an interrupted attempt of ours has made.

        Cloudflare keeps metadata for Enterprise zones only (error 1413). Elsewhere it is made without, and the only trace
        of an own attempt is the time: ``since``, an aware datetime, is when our operation began. A hostname without
        metadata that is not older than that (but for clocks that differ) is adopted.

        :param hostname: in ASCII (punycode)
        :param method: of the certificate's validation: http or txt
        :param metadata: ``cloudflare_types.metadata``
        :raises Permanent: it exists and is not ours; or no quota is left
        """
        what = f'Creating the custom hostname {hostname}'
        body = {'hostname': hostname, 'ssl': {'method': method, 'type': 'dv'}}
        try:
            try:
                answer = self._create(zone, what, {**body, **({'custom_metadata': metadata} if metadata else {})})
            except DriverError as error:
                if not metadata or not errors.has_code(error, errors.NO_METADATA):
                    raise
                answer = self._create(zone, what, body)
        except DriverError as error:
            if not errors.has_code(error, errors.HOSTNAME_EXISTS):
                raise
            return self._adopt_hostname(zone, hostname, metadata, since, what)
        return _hostname(answer.result)

    def _create(self, zone, what, body):
        return self._call('POST', ('zones', zone, 'custom_hostnames'), what, SSL_WRITE, body=body)

    def _adopt_hostname(self, zone, hostname, metadata, since, what):
        found = self.custom_hostname_named(zone, hostname)
        if found is None:
            raise errors.made(Retryable, 'cloudflare_busy', f'{what}: Cloudflare says that it exists but does not list it;'
                              ' it is tried again.')
        if _is_own(found, metadata, since):
            return found
        raise errors.made(Permanent, 'cloudflare_foreign', f'{what}: it exists already ({found.id}, status {found.status})'
                          ' and was not made by this system: remove it at Cloudflare first.', name=hostname,
                          found=f'{found.hostname} ({found.id})')

    def restart_validation(self, zone, hostname_id, method='http'):
        """Have ownership and certificate checked anew, now; for one that is blocked, moved or timed out."""
        answer = self._call('PATCH', ('zones', zone, 'custom_hostnames', hostname_id), 'Restarting a validation', SSL_WRITE,
                            body={'ssl': {'method': method, 'type': 'dv'}})
        return _hostname(answer.result)

    def delete_custom_hostname(self, zone, hostname_id):
        """With its certificate. :return: whether there was one"""
        try:
            self._call('DELETE', ('zones', zone, 'custom_hostnames', hostname_id), 'Deleting a custom hostname', SSL_WRITE)
        except NotFound as error:
            if not errors.has_code(error, errors.HOSTNAME_MISSING):
                raise
            return False
        return True

    # -- where they lead ----------------------------------------------------------------------------------------------

    def fallback_origin(self, zone):
        """An empty one if there is none yet."""
        try:
            answer = self._call('GET', self._fallback_path(zone), 'Looking at the fallback origin', SSL_WRITE)
        except NotFound as error:
            if errors.has_code(error, errors.BAD_ROUTE):
                raise
            return FallbackOrigin()
        return _fallback(answer.result)

    def put_fallback_origin(self, zone, origin):
        """:param origin: a proxied record of the zone that leads to the tunnel"""
        answer = self._call('PUT', self._fallback_path(zone), f'Setting the fallback origin {origin}', SSL_WRITE,
                            body={'origin': origin})
        return _fallback(answer.result)

    @staticmethod
    def _fallback_path(zone):
        return 'zones', zone, 'custom_hostnames', 'fallback_origin'


def _is_own(found, metadata, since):
    wanted = str((metadata or {}).get(METADATA_KEY) or '')
    if found.mark or not since:
        return bool(wanted) and found.mark == wanted
    return not found.metadata and found.created_at is not None and found.created_at >= since - CLOCK_SKEW


def _fallback(found):
    found = mapping(found)
    return FallbackOrigin(text(found, 'origin'), text(found, 'status'), tuple(words(found.get('errors'))))


def _hostname(found):
    found, ssl = mapping(found), mapping(mapping(found).get('ssl'))
    ownership = mapping(found.get('ownership_verification'))
    return CustomHostname(
        text(found, 'id'), text(found, 'hostname').lower(), text(found, 'status'), text(ssl, 'status'),
        text(ssl, 'method'), mapping(found.get('custom_metadata')), instant(found.get('created_at')),
        instant(ssl.get('expires_on')), text(ssl, 'issuer'), text(ownership, 'name'), text(ownership, 'value'),
        tuple(_validation(row) for row in dicts(ssl.get('validation_records'))),
        tuple((text(row, 'cname'), text(row, 'cname_target')) for row in dicts(ssl.get('dcv_delegation_records'))),
        (*words(found.get('verification_errors')), *words(ssl.get('validation_errors'))))


def _validation(row):
    return ValidationRecord(text(row, 'http_url'), text(row, 'http_body'), text(row, 'txt_name'), text(row, 'txt_value'))
