"""Custom hostnames: one for each published name of a customer, with its certificate.

All of one name happens under one lock: a name that is removed here and published there at the same moment keeps its
custom hostname, which passes from the one claim to the other.
"""
import json
import zlib
from datetime import timezone

from odoo.addons.saas_master.drivers.errors import NotFound
from odoo.addons.saas_master.models.saas_node_routes import locked

from ..const import HOSTNAME_LOCK, HOSTNAMES_LOCK
from .edge_common import renew, write

FRESH = 5                   # seconds for which a list of all is believed
FEW = 5                     # certificates waited for: up to so many are asked about one by one
FAILED = ('blocked', 'moved', 'deleted', 'test_blocked', 'test_failed')
SSL_FAILED = ('validation_timed_out', 'issuance_timed_out', 'deployment_timed_out', 'initializing_timed_out', 'expired',
              'deletion_timed_out', 'deleted')

OWN = 'SELECT to_publish, cloudflare_hostname_id FROM saas_custom_domain WHERE id = %s'
# The hostname of a claim that has ended passes on with the name.
TAKE_OVER = """
    WITH before AS (
        SELECT id, cloudflare_hostname_id AS hostname FROM saas_custom_domain
         WHERE external_domain = %(name)s AND id <> %(id)s AND to_publish IS NOT TRUE AND cloudflare_hostname_id IS NOT NULL
         ORDER BY id DESC LIMIT 1 FOR UPDATE
    ), freed AS (
        UPDATE saas_custom_domain d SET cloudflare_hostname_id = NULL FROM before WHERE d.id = before.id)
    UPDATE saas_custom_domain d SET cloudflare_hostname_id = before.hostname FROM before WHERE d.id = %(id)s
 RETURNING d.cloudflare_hostname_id"""
PASS_ON = """
    UPDATE saas_custom_domain SET cloudflare_hostname_id = COALESCE(cloudflare_hostname_id, %(hostname)s)
     WHERE external_domain = %(name)s AND to_publish RETURNING id"""
NOTE = """
    UPDATE saas_custom_domain d
       SET cloudflare_hostname_id = v.hostname, hostname_status = v.status, ssl_status = v.ssl, ssl_words = v.words,
           ssl_expires_at = v.expires, ssl_checked_at = clock_timestamp() AT TIME ZONE 'UTC', cloudflare_configured = true
      FROM jsonb_to_recordset(%s::jsonb) AS v (
           id int, hostname varchar, status varchar, ssl varchar, words varchar, expires timestamp)
     WHERE d.id = v.id AND d.to_publish"""
FORGET = """
    UPDATE saas_custom_domain SET cloudflare_hostname_id = NULL, cloudflare_configured = false, hostname_status = NULL,
           ssl_status = 'none', ssl_words = NULL, ssl_expires_at = NULL WHERE id = %s"""
STATE = """
    SELECT cloudflare_hostname_id, ssl_status, ssl_words, hostname_status,
           ssl_checked_at > clock_timestamp() AT TIME ZONE 'UTC' - %s * interval '1 second'
      FROM saas_custom_domain WHERE id = %s"""
WAITING = """
    SELECT count(*) FROM saas_custom_domain
     WHERE root_domain_id = %s AND to_publish AND cloudflare_hostname_id IS NOT NULL
       AND ssl_status IN ('initializing', 'pending')"""
PUBLISHED = 'SELECT external_domain, id FROM saas_custom_domain WHERE root_domain_id = %s AND to_publish'
ENDED = """
    SELECT cloudflare_hostname_id FROM saas_custom_domain
     WHERE root_domain_id = %s AND to_publish IS NOT TRUE AND cloudflare_hostname_id IS NOT NULL"""

HAD = """
    SELECT id, external_domain, create_date FROM saas_custom_domain
     WHERE root_domain_id = %s AND to_publish AND cloudflare_hostname_id IS NOT NULL AND external_domain <> ALL(%s)"""
FORGET_HOSTNAME = """
    UPDATE saas_custom_domain SET cloudflare_hostname_id = NULL
     WHERE cloudflare_hostname_id = %s AND to_publish IS NOT TRUE"""


def name_lock(name):
    return HOSTNAME_LOCK, zlib.crc32(name.encode()) - 2**31


def ensure(connect, spec, domain_id, name, since):
    """The domain's custom hostname: what it has, what an ended claim leaves it, or a new one.

    :param since: when the operation began; a hostname of that name made since then is an attempt of ours
    """
    with connect() as cr, locked(cr, name_lock(name)):
        cr.execute(OWN, [domain_id])
        to_publish, hostname_id = cr.fetchone() or (False, None)
        if not to_publish:
            return
        client, found = spec.client(), None
        if not hostname_id:
            rows = write(cr, TAKE_OVER, {'name': name, 'id': domain_id})
            hostname_id = rows[0][0] if rows else None
        renew(cr)
        if hostname_id:
            found = _look(client, spec, hostname_id)
        if found is None or found.hostname != name:
            found = client.create_custom_hostname(spec.zone, name, metadata=spec.metadata(),
                                                  since=since.replace(tzinfo=timezone.utc))
        elif _ssl(found) == 'failed':
            found = client.restart_validation(spec.zone, found.id)
        write(cr, NOTE, [json.dumps([_row(domain_id, found)])])


def _look(client, spec, hostname_id):
    try:
        return client.custom_hostname(spec.zone, hostname_id)
    except NotFound:
        return None


def refresh(connect, spec, domain_id):
    """(is live, ssl status, words) of one; while many wait, one list of all serves all of them."""
    with connect() as cr, locked(cr, (HOSTNAMES_LOCK, spec.id)):
        state = _state(cr, domain_id)
        cr.execute(WAITING, [spec.id])
        many = cr.fetchone()[0] > FEW
        if not state or not state[0] or many and state[4]:
            return _answer(state)
        if many:
            note_all(cr, spec)
        else:
            renew(cr)
            found = _look(spec.client(), spec, state[0])
            if found:
                write(cr, NOTE, [json.dumps([_row(domain_id, found)])])
        return _answer(_state(cr, domain_id))


def _state(cr, domain_id):
    cr.execute(STATE, [FRESH, domain_id])
    return cr.fetchone()


def _answer(state):
    if not state or not state[0]:
        return False, 'none', ''
    return state[1] in ('active', 'expiring') and state[3] == 'active', state[1], state[2] or ''


def note_all(cr, spec):
    """Write what the whole list says; returns the list and the published names with their ids."""
    cr.execute(PUBLISHED, [spec.id])
    published = dict(cr.fetchall())
    renew(cr)
    found = spec.client().custom_hostnames(spec.zone)
    rows = [_row(published[hostname.hostname], hostname) for hostname in found if hostname.hostname in published]
    write(cr, NOTE, [json.dumps(rows)])
    return found, published


def orphans(cr, spec, found, published):
    """Custom hostnames of ours that no published name wants: leftovers are what a takeover starts from."""
    cr.execute(ENDED, [spec.id])
    known = {row[0] for row in cr.fetchall()}
    ours = [hostname for hostname in found
            if hostname.is_marked(spec.mark) or hostname.id in known or hostname.hostname in published]
    return [hostname for hostname in ours if hostname.hostname not in published], len(ours)


def vanished(cr, spec, found):
    """(id, name, since) of published names that had a custom hostname which Cloudflare has no more."""
    cr.execute(HAD, [spec.id, [hostname.hostname for hostname in found]])
    return cr.fetchall()


def sweep(connect, spec, hostname):
    """Remove an orphan, looking once more whether its name is wanted by now."""
    with connect() as cr, locked(cr, name_lock(hostname.hostname)):
        cr.execute('SELECT 1 FROM saas_custom_domain WHERE external_domain = %s AND to_publish', [hostname.hostname])
        if cr.fetchone():
            return
        renew(cr)
        spec.client().delete_custom_hostname(spec.zone, hostname.id)
        write(cr, FORGET_HOSTNAME, [hostname.id])


def remove(connect, spec, domain_id, name):
    """Take the custom hostname away, unless the name is published for another claim by now."""
    with connect() as cr, locked(cr, name_lock(name)):
        cr.execute(OWN, [domain_id])
        to_publish, hostname_id = cr.fetchone() or (False, None)
        if to_publish:
            return
        passes_on = hostname_id and write(cr, PASS_ON, {'name': name, 'hostname': hostname_id})
        if hostname_id and not passes_on:
            spec.client().delete_custom_hostname(spec.zone, hostname_id)
        write(cr, FORGET, [domain_id])


def _row(domain_id, found):
    return {'id': domain_id, 'hostname': found.id, 'status': found.status, 'ssl': _ssl(found),
            'words': '; '.join(found.errors)[:500] or found.ssl_status or None,
            'expires': found.expires_on and str(found.expires_on.astimezone(timezone.utc).replace(tzinfo=None))}


def _ssl(found):
    """Ours of Cloudflare's many: none is active before both of its statuses are."""
    if found.status in FAILED or found.ssl_status in SSL_FAILED:
        return 'failed'
    if found.is_live:
        return 'active'
    return 'initializing' if found.ssl_status in ('', 'initializing') else 'pending'
