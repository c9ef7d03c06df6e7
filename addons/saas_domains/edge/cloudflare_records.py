"""DNS records of a zone: listed, counted, written one by one or many at once. What does not carry our mark is left alone."""
from ...saas_master.drivers.errors import DriverError, NotFound, Permanent, Retryable
from . import cloudflare_errors as errors
from .cloudflare_parse import dicts, mapping, number, text
from .cloudflare_plan import plan
from .cloudflare_types import MARK, Applied, BatchResult, Record, Usage

DNS_WRITE = 'DNS Write'
RECORDS_A_PAGE = 1000
BATCH_PATIENCE = 3      # times the usual time for thousands of records


class Records:

    # -- reading ------------------------------------------------------------------------------------------------------

    def records(self, zone, comment_prefix=MARK):
        """Those whose comment begins so, sorted; all of the zone's with ''.

        :param zone: its id
        """
        query = {'comment.startswith': comment_prefix} if comment_prefix else {}
        return [record for record in self._records(zone, query) if record.comment.startswith(comment_prefix)]

    def records_named(self, zone, name):
        """Every record of one name, whoever made it."""
        return [record for record in self._records(zone, {'name.exact': name}) if record.name == name.lower()]

    def _records(self, zone, query):
        rows = self._paged(('zones', zone, 'dns_records'), 'Listing DNS records', DNS_WRITE, RECORDS_A_PAGE,
                           {'order': 'name', 'direction': 'asc', **query})
        return sorted(map(_record, rows), key=lambda record: (record.key, record.content, record.id))

    def record_usage(self, zone):
        answer = self._call('GET', ('zones', zone, 'dns_records', 'usage'), 'Counting DNS records', DNS_WRITE)
        found = mapping(answer.result)
        return Usage(number(found, 'record_quota', None), number(found, 'record_usage'))

    # -- one record ---------------------------------------------------------------------------------------------------

    def create_record(self, zone, record):
        """Make it, or adopt it where an interrupted attempt has made the very same one.

        :param record: a ``Record`` whose comment is one of ours (``cloudflare_types.comment``)
        :raises Permanent: another record has the name; the message says which
        """
        what = f'Creating the DNS record {record.name}'
        try:
            answer = self._call('POST', ('zones', zone, 'dns_records'), what, DNS_WRITE, body=record.payload())
        except DriverError as error:
            if not errors.has_code(error, errors.RECORD_EXISTS):
                raise
            return self._adopt_record(zone, record, what)
        return _record(answer.result)

    def _adopt_record(self, zone, record, what):
        found = self.records_named(zone, record.name)
        for other in found:
            if other.same == record.same:
                return other
        if not found:
            raise errors.made(Retryable, 'cloudflare_busy', f'{what}: Cloudflare says that it exists but does not list it;'
                              ' it is tried again.')
        ours = [other for other in found if other.is_marked(_mark_of(record))]
        raise errors.made(
            Permanent, 'cloudflare_stale' if ours else 'cloudflare_foreign',
            f'{what}: there is already {"; ".join(_described(other) for other in ours or found)}. '
            + ('It is ours but says something else: synchronise the root domain.' if ours else
               'It was not made by this system and is left alone: remove it at Cloudflare or choose another name.'),
            name=record.name, found='; '.join(_described(other) for other in ours or found))

    def delete_record(self, zone, record, mark=''):
        """:param record: its id
        :param mark: look first, and leave alone what does not carry it
        :return: whether there was one
        """
        path, what = ('zones', zone, 'dns_records', record), f'Deleting the DNS record {record}'
        try:
            if mark:
                self._check_mark(_record(self._call('GET', path, what, DNS_WRITE).result), mark, what)
            self._call('DELETE', path, what, DNS_WRITE)
        except DriverError as error:
            if isinstance(error, NotFound) and errors.has_code(error, errors.RECORD_MISSING):
                return False
            raise
        return True

    @staticmethod
    def _check_mark(record, mark, what):
        if not record.is_marked(mark):
            raise errors.made(Permanent, 'cloudflare_foreign', f'{what}: {_described(record)} does not carry our mark any'
                              ' more and is left alone.', name=record.name, found=_described(record))

    # -- many ---------------------------------------------------------------------------------------------------------

    def batch_records(self, zone, deletes=(), patches=(), posts=()):
        """One transaction: deletes, then patches, then posts; the first that is refused undoes all.

        :param deletes: ids
        :param patches: ``Record`` with ``id``
        :param posts: ``Record``
        """
        body = {'deletes': [{'id': record} for record in deletes],
                'patches': [{'id': record.id, **record.payload()} for record in patches],
                'posts': [record.payload() for record in posts]}
        body = {name: rows for name, rows in body.items() if rows}
        if not body:
            return BatchResult()
        what = f'Writing {len(deletes) + len(patches) + len(posts)} DNS records'
        found = mapping(self._call('POST', ('zones', zone, 'dns_records', 'batch'), what, DNS_WRITE, body=body,
                                   patience=BATCH_PATIENCE).result)
        result = BatchResult(*(tuple(map(_record, dicts(found.get(name)))) for name in ('deletes', 'patches', 'posts')))
        done = len(result.deletes), len(result.patches), len(result.posts)
        if done != (len(deletes), len(patches), len(posts)):
            raise errors.made(Retryable, 'cloudflare_partial', f'{what}: Cloudflare reports only {sum(done)} as done; the'
                              ' zone is looked at again.')
        return result

    def apply_records(self, zone, changes):
        """Carry out a plan in as few calls as the zone's plan of prices allows; the quota is asked for before.

        Killed at any instant it leaves whole batches, which the next plan finds in place.

        :param zone: a ``Zone``
        :param changes: a ``cloudflare_plan.Plan`` of records, checked by its ``check``
        :raises Permanent: they do not fit in the zone
        """
        if changes.creates:
            self._check_room(zone, changes)
        applied = Applied(foreign=tuple(changes.foreign))
        for deletes, patches, posts in changes.batches(zone.batch_limit):
            applied = self._apply_batch(zone, deletes, patches, posts, applied)
        return applied

    def _check_room(self, zone, changes):
        usage, more = self.record_usage(zone.id), len(changes.creates) - len(changes.deletes)
        if usage.left is not None and more > usage.left:
            raise errors.made(
                Permanent, 'cloudflare_quota', f'The zone {zone.name} has room for {usage.left} more DNS records'
                f' ({usage.used} of {usage.quota} are used) and {more} are needed: remove some, raise the plan at'
                ' Cloudflare, or use the wildcard edge, which needs none per tenant.',
                name=zone.name, left=usage.left, used=usage.used, quota=usage.quota, needed=more)

    def _apply_batch(self, zone, deletes, patches, posts, applied, may_repeat=True):
        try:
            result = self.batch_records(zone.id, [record.id for record in deletes], patches, posts)
        except DriverError as error:
            stumbled = errors.RECORD_EXISTS | errors.RECORD_MISSING
            if not errors.has_code(error, stumbled):
                raise
            if not may_repeat:
                raise errors.made(Retryable, 'cloudflare_busy', f'The DNS records of {zone.name} change while they are'
                                  f' written ({error}); it is tried again.') from error
            return self._apply_rest(zone, deletes, patches, posts, applied)
        return Applied(applied.created + result.posts, applied.changed + result.patches, applied.deleted + result.deletes,
                       applied.foreign, applied.adopted)

    def _apply_rest(self, zone, deletes, patches, posts, applied):
        """Somebody wrote between our looking and our writing: look again, at everything, and do what is left."""
        actual = self.records(zone.id, '')
        there = {record.id for record in actual}
        wanted = {post.same for post in posts}
        again = plan(posts, actual, _mark_of(posts[0]) if posts else MARK, keep=True)
        adopted = tuple(record for record in actual if record.same in wanted)
        applied = Applied(applied.created, applied.changed, applied.deleted, applied.foreign + again.foreign,
                          applied.adopted + adopted)
        return self._apply_batch(zone, [record for record in deletes if record.id in there],
                                 [record for record in patches if record.id in there] + list(again.changes),
                                 again.creates, applied, may_repeat=False)


def _mark_of(record):
    """The owner's part of a comment, ``saas:<master>:``."""
    return ':'.join(record.comment.split(':')[:2]) + ':'


def _described(record):
    return record.line + (f', comment “{record.comment[:60]}”' if record.comment else '')


def _record(found):
    found = mapping(found)
    return Record(text(found, 'type'), text(found, 'name').lower(), text(found, 'content'), found.get('proxied') is True,
                  number(found, 'ttl', 1), text(found, 'comment'), text(found, 'id'))
