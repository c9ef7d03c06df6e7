"""What tenants with containers of their own use, asked of each container by itself: people, database, files.

What the container as a whole takes of processor, memory and disk comes from Proxmox VE (``pve.observe``).
"""
from concurrent.futures import ThreadPoolExecutor

from .container_scripts import usage
from .errors import DriverError, Unreachable
from .inside import call
from .usage import AT_ONCE, USERS, Usage

SECONDS = 30                # for the database, and as much again for the files
USER = 'odoo'               # who may enter the database there


def read_usage_inside(places, database, folder):
    """``{key: Usage}``; what is wrong with one container concerns it alone.

    :param places: key -> function that returns a context manager with a transport inside that container
    :param database: name of the tenant's database there
    :param folder: its filestore
    :raises Unreachable: no container could be asked since the node itself does not answer
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(places, pool.map(lambda place: _ask(place, database, folder), places.values()), strict=True))
    gone = [answer for answer in answers.values() if isinstance(answer, Unreachable)]
    if gone and len(gone) == len(answers):
        raise gone[0]
    return {key: Usage(problem=str(answer)) if isinstance(answer, DriverError) else answer
            for key, answer in answers.items()}


def _ask(place, database, folder):
    """A Usage, or the error that kept it from being read."""
    try:
        with place() as transport:
            return Usage(*call(transport, usage.measure, database, folder, USERS, SECONDS, user=USER, timeout=2 * SECONDS + 10))
    except DriverError as error:
        return error
