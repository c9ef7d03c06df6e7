"""The life of a custom hostname, as a function of the time since its validation began.

``hold`` is what the outside world does to it: '' everything goes well, ``pending`` the customer's name does not lead
here, ``blocked`` a zone hold, ``caa`` a record that forbids the certificate, ``moved`` it leads elsewhere now.
"""
DAY = 86400
GIVES_UP = 7 * DAY          # validation and a moved hostname
CERTIFICATE = 90 * DAY
HOLDS = ('', 'pending', 'blocked', 'caa', 'moved')

STEPS = (('pending', 'initializing'), ('pending', 'pending_validation'), ('pending', 'pending_issuance'),
         ('active', 'pending_deployment'), ('active', 'active'))

NOT_HERE = 'custom hostname does not CNAME to this zone.'
HELD = 'The hostname is associated with a held zone. Please contact the owner to have the hold removed.'
CAA = 'caa_error: a CAA record of the domain forbids this certificate authority'


def look(hostname, now, seconds):
    """(status, certificate's status, errors of ownership, errors of the certificate).

    :param seconds: of each step; 0: only those taken on demand (``hostname['step']``)
    """
    if hostname['forced']:
        return *hostname['forced'], [], []
    age = max(now - hostname['began'], 0)
    step = min(hostname['step'] + (int(age / seconds) if seconds else 0), len(STEPS) - 1)
    return _HOLDS[hostname['hold']](hostname, step, age)


def _well(hostname, step, age):
    return *STEPS[step], [NOT_HERE] if STEPS[step][0] == 'pending' else [], []


def _pending(hostname, step, age):
    if age > GIVES_UP:
        return 'pending', 'validation_timed_out', [NOT_HERE], ['The domain did not validate in time.']
    return 'pending', STEPS[min(step, 1)][1], [NOT_HERE], []


def _blocked(hostname, step, age):
    return 'blocked', STEPS[min(step, 1)][1], [HELD], []


def _caa(hostname, step, age):
    if age > GIVES_UP:
        return 'active', 'validation_timed_out', [], [CAA]
    return STEPS[min(step + 2, 4)][0], STEPS[min(step, 2)][1], [], [CAA] if step > 1 else []


def _moved(hostname, step, age):
    return 'moved', 'active' if hostname['issued'] else 'pending_validation', [NOT_HERE], []


_HOLDS = {'': _well, 'pending': _pending, 'blocked': _blocked, 'caa': _caa, 'moved': _moved}


def is_deleted(hostname, now):
    """Cloudflare removes a hostname that has been moved for a week."""
    return hostname['hold'] == 'moved' and not hostname['forced'] and now - hostname['began'] > GIVES_UP
