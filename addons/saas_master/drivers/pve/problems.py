"""What Proxmox VE answers, in the words of ``errors``: the one place that reads its messages.

Most of its errors are HTTP 500 with a sentence; the sentence decides. Sources: the API schema of 9.1, and the sentences
in pve-container, pve-guest-common and pve-access-control.
"""
import re

import requests

from ..errors import AuthError, NotFound, Permanent, Retryable, Unreachable

WORDS = 500             # characters kept of what it says
NO_TASK = 'no such task'
PRIVILEGE = re.compile(r'Permission check failed(?: \((?P<path>[^,)]+)(?:, (?P<privilege>[^)]+))?\))?')

# (sentence, error, problem, what to do); the first that fits
SENTENCES = (
    (r'(?:CT|VM|unable to create) .*\d+.* already exists|VM \d+ already exists', Permanent, 'pve_vmid_taken',
     'Another container has that number.'),
    (r'no quorum', Retryable, 'pve_no_quorum', 'The cluster has lost its quorum: bring its nodes back.'),
    (r"(?:CT|VM) is locked|can't lock file|got lock request timeout|got timeout", Retryable, 'pve_locked',
     'Something else is being done to it; it is tried again.'),
    (r'No space left|out of space|not enough (?:free )?space|Insufficient Free Space|insufficient free space|storage .* is full',
     Permanent, 'pve_storage_full', 'Make room on the storage or place new tenants on another node.'),
    (r"can't (?:clone|move).* to non-shared storage", Permanent, 'pve_not_shared',
     'Build a template on that node as well, or use a storage that all nodes share.'),
    (r"Configuration file '[^']+' does not exist|does not exist$|no such (?:VM|CT|guest)|unable to find configuration",
     NotFound, 'pve_missing', ''),
    (r'too many redirections|Connection refused|No route to host|Connection timed out', Unreachable, 'pve_node_down',
     'The node does not answer the others of its cluster.'),
)


def of_response(status, reason, message, errors, where):
    """The driver error for an answer that is no success.

    :param status: HTTP status; 595 and 596 say that the node asked does not reach the one that was meant
    :param reason: reason phrase; :param message: of the JSON body; :param errors: {parameter: sentence} of a 400
    :param where: method and path that were asked
    """
    said = (message or reason or f'HTTP {status}').strip()[:WORDS]
    if status == 401:
        return AuthError(f'Proxmox VE refuses the API token: {said}. Enter token and secret of the cluster anew.', 'pve_token')
    if status == 403:
        return _forbidden(said, where)
    if status in (595, 596, 502, 503, 504):
        return Unreachable(f'The node of Proxmox VE does not answer ({where}): {said}', problem='pve_node_down')
    if status == 400 and errors:
        return _refused(errors, where)
    return of_sentence(said, where, status)


def of_sentence(said, where, status=500):
    """The same for a sentence alone, which is also how a task ends."""
    for pattern, kind, problem, remedy in SENTENCES:
        if re.search(pattern, said):
            return kind(f'{where}: {said.rstrip(".?")}. {remedy}'.strip(), problem=problem)
    privilege = PRIVILEGE.search(said)
    if privilege:
        return _forbidden(said, where)
    if status >= 500 and status != 501:
        return Retryable(f'{where} failed on Proxmox VE: {said}', problem='pve_rejected')
    return Permanent(f'{where} was refused by Proxmox VE: {said}', 'pve_rejected')


def _refused(errors, where):
    """A task whose log is gone, as after a node was installed anew, is told as a wrong parameter too."""
    details = '; '.join(f'{name}: {words}' for name, words in sorted(errors.items()))[:WORDS]
    if errors.get('upid') == NO_TASK:
        return NotFound(f'Proxmox VE knows nothing of this task any more ({where}).', 'pve_missing')
    return Permanent(f'Proxmox VE refuses {where}: {details}', 'pve_parameter')


def _forbidden(said, where):
    found = PRIVILEGE.search(said)
    path, privilege = (found['path'], found['privilege']) if found else (None, None)
    if privilege:
        words = f'The API token lacks the privilege {privilege} on {path}: give it that ({where}).'
    else:
        words = f'The API token may not do {where}: {said}'
    error = AuthError(words, 'pve_privilege')
    error.words = f'{path}: {privilege}' if privilege else said
    return error


def of_exception(error, url):
    """The driver error for a call that got no answer."""
    if isinstance(error, requests.exceptions.SSLError):
        return AuthError(f'{url} shows a certificate that is not the one to be believed. If it was renewed, enter the new '
                         'fingerprint or authority; if not, somebody stands in between.', 'pve_tls')
    if isinstance(error, requests.exceptions.Timeout):
        return Unreachable(f'{url} does not answer in time.', problem='pve_unreachable')
    return Unreachable(f'{url} does not answer: {_reason(error)}', problem='pve_unreachable')


def _reason(error):
    """Without the address and the objects that requests puts into its sentences."""
    found = re.search(r'\] ([A-Z][^\'")]+)|(RemoteDisconnected|Connection (?:reset|refused|aborted))', str(error))
    return next(filter(None, found.groups()), '') if found else type(error).__name__
