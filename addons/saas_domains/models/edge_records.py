"""DNS records of a root domain, equal to what the database wants: batched under a lock, so whoever has it writes what all
have committed and the others find nothing left to do."""
import json
from dataclasses import replace

from odoo.addons.saas_master.models.saas_node_routes import locked

from ..const import RECORDS_LOCK
from ..edge.cloudflare_plan import Plan, TooMuch, plan
from ..edge.cloudflare_types import Record
from .edge_common import renew, write

# Published names; the tenant's own host is the tenant's record, not the domain's.
DOMAINS = 'SELECT id, sajet_full_domain FROM saas_custom_domain WHERE root_domain_id = %s AND to_publish'
TENANTS = 'SELECT host FROM saas_tenant WHERE is_routed AND host LIKE %s'
STILL_WANTED = """
    SELECT 1 FROM saas_custom_domain WHERE id = %s AND to_publish AND cloudflare_dns_record_id IS NULL"""
CONFIGURED = """
    UPDATE saas_custom_domain d SET cloudflare_dns_record_id = v.record
      FROM jsonb_to_recordset(%s::jsonb) AS v (id int, record varchar)
     WHERE d.id = v.id AND d.cloudflare_dns_record_id IS DISTINCT FROM v.record"""
# Also by its name: who made a record may have been killed before its id was written.
LEFT_OVER = """
    SELECT id, cloudflare_dns_record_id, sajet_full_domain FROM saas_custom_domain
     WHERE root_domain_id = %s AND to_publish IS NOT TRUE AND (cloudflare_dns_record_id IS NOT NULL OR id = %s)"""
FORGET = 'UPDATE saas_custom_domain SET cloudflare_dns_record_id = NULL WHERE id = ANY(%s) AND to_publish IS NOT TRUE'


def wanted(cr, spec):
    """(records, {domain id: name of its record}) by the mode of the edge.

    With the wildcard one record serves all names, those of tenants and of domains: a new one costs nothing.
    """
    cr.execute(DOMAINS, [spec.id])
    domains = dict(cr.fetchall())
    records = {}
    if spec.per_host:
        cr.execute(TENANTS, [f'%.{spec.name}'])
        for (host,) in cr.fetchall():
            records[host] = _record(spec, host, 'tenant')
        for host in domains.values():
            records.setdefault(host, _record(spec, host, 'domain'))
        names = domains
    else:
        wildcard = f'*.{spec.name}'
        records[wildcard] = _record(spec, wildcard, 'wildcard')
        names = dict.fromkeys(domains, wildcard)
    if spec.fallback:
        records[spec.fallback] = _record(spec, spec.fallback, 'fallback')
    return list(records.values()), names


def _record(spec, name, kind):
    return Record('CNAME', name, spec.target, True, 1, spec.comment(kind))


def publish(connect, spec, domain_id):
    """The records a domain needs; those of all that wait come along. Removes nothing."""
    with connect() as cr, locked(cr, (RECORDS_LOCK, spec.id)):
        cr.execute(STILL_WANTED, [domain_id])
        if cr.fetchone():
            _apply(cr, spec, keep=True)


def reconcile(connect, spec, force=False):
    """All records of ours as the database wants them; returns what kept foreign records in place, in words.

    Raises TooMuch, with nothing done, where a person has to look first.
    """
    with connect() as cr, locked(cr, (RECORDS_LOCK, spec.id)):
        return _apply(cr, spec, force=force)


def _apply(cr, spec, keep=False, force=False):
    records, names = wanted(cr, spec)
    renew(cr)
    client = spec.client()
    zone, actual = client.zone(spec.zone), client.records(spec.zone, '')
    changes = plan(records, actual, spec.mark, keep=keep)
    try:
        changes.check(force=force)
    except TooMuch:
        if not keep:
            raise
        changes = replace(changes, changes=(), before=())       # what is new harms nobody; the rest waits for a person
    applied = client.apply_records(zone, changes)
    ids = {record.name: record.id for record in (*actual, *applied.created, *applied.adopted, *applied.changed)
           if record.comment.startswith(spec.mark) and record.type == 'CNAME'}
    rows = [{'id': domain, 'record': ids[name]} for domain, name in names.items() if name in ids]
    write(cr, CONFIGURED, [json.dumps(rows)])
    return [entry.found.line for entry in applied.foreign]


def remove(connect, spec, domain_id):
    """Records of domains that are published no more, in one go. Each was asked for by a person: no third counts here."""
    with connect() as cr, locked(cr, (RECORDS_LOCK, spec.id)):
        cr.execute(LEFT_OVER, [spec.id, domain_id])
        left = {row[0]: row[1:] for row in cr.fetchall()}
        if domain_id not in left:
            return
        ids, hosts = (set(values) for values in zip(*left.values(), strict=True))
        records, _names = wanted(cr, spec)
        renew(cr)
        client, needed = spec.client(), {record.name for record in records}
        gone = tuple(record for record in client.records(spec.zone, spec.mark)
                     if (record.id in ids or record.name in hosts) and record.name not in needed)
        if gone:
            client.apply_records(client.zone(spec.zone), Plan(deletes=gone, total=len(gone)))
        write(cr, FORGET, [list(left)])

