"""What stands in for the inside of a container on a machine that cannot have any: a note of what was done there.

Whose its database is and whether it is published; nothing else of what our functions would do there is done. Standard
library only and by itself, since ``pct`` loads it for each call.
"""
import json
import os
import threading
import uuid

FOLDER = 'pages'                                # of a sandbox's state
NEW = {'state': 'staging', 'comment': '', 'url': ''}    # as a golden container has it
ANSWER = 'saas:'                                # before what a function of ours answers


def noted(folder, vmid):
    """What is inside a container, or in a backup of one; a template that is there from the beginning is as new."""
    try:
        return json.loads(file_of(folder, vmid).read_text())
    except FileNotFoundError:
        return NEW


def note(folder, vmid, values):
    """At once or not at all."""
    file = file_of(folder, vmid)
    part = file.with_suffix(f'.{os.getpid()}.{threading.get_ident()}')
    part.write_text(json.dumps(values))
    part.replace(file)


def call(folder, vmid, asked):
    """What a function of ours, called as ``drivers/inside.py`` does, answers there: the line it prints."""
    function, arguments = asked['function'], asked['arguments']
    act = INSIDE.get((asked['module'].rpartition('.')[2], function))
    answer = {'value': act(folder, vmid, *arguments[1:])} if act else {'error': {
        'kind': 'Permanent', 'message': f'this sandbox has no real containers, so there is no {function} in them'}}
    return f'{ANSWER}{json.dumps(answer)}'


def file_of(folder, vmid):
    return folder / f'{vmid}.json'


def _look(folder, vmid):
    inside = noted(folder, vmid)
    return inside['state'], inside['comment']


def _personalise(folder, vmid, tenant):
    note(folder, vmid, {**noted(folder, vmid), 'comment': f'saas:{tenant["mark"]}', 'url': tenant['base_url']})


def _publish(folder, vmid, tenant):
    _personalise(folder, vmid, tenant)
    note(folder, vmid, {**noted(folder, vmid), 'state': 'published'})


def _hand_over(folder, vmid, tenant):
    _publish(folder, vmid, tenant)
    return str(uuid.UUID(tenant['mark']))


def _forget(_folder, _vmid, _tenant):
    """A page keeps nothing in memory."""


def _measure(folder, vmid, *_more):
    return 1, 0, 0, ''


INSIDE = {('database', 'look'): _look, ('database', 'personalise'): _personalise, ('database', 'publish'): _publish,
          ('database', 'hand_over'): _hand_over, ('database', 'forget'): _forget, ('usage', 'measure'): _measure}
