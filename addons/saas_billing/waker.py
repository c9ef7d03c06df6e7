"""Wakes the cron that works off the inbox, without Stripe's delivery having to wait for it.

A trigger of a cron is a row and a NOTIFY over a connection of its own, several milliseconds. One thread per process does
both; what comes meanwhile, and for a moment after, is woken for together.
"""
import logging
import queue
import threading
import time

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

CRON = 'saas_billing.cron_events'
PAUSE = 0.2         # seconds between two wakes of a process


class Waker:

    def __init__(self):
        self._waiting = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread = None

    def wake(self, dbname):
        """Have the inbox of this database worked off, soon. A lost wake delays its events by a minute at most."""
        self._waiting.put(dbname)
        with self._lock:
            if not (self._thread and self._thread.is_alive()):      # none yet in this process: threads do not survive a fork
                self._thread = threading.Thread(target=self._run, name=__name__, daemon=True)
                self._thread.start()

    def _run(self):
        while True:
            names = {self._waiting.get()}
            while not self._waiting.empty():
                names.add(self._waiting.get())
            for name in names:
                try:
                    trigger(name)
                except psycopg2.Error as error:
                    _logger.warning('The cron that works off events of Stripe was not woken: %s', error)
            time.sleep(PAUSE)


def trigger(dbname):
    """In a transaction of its own; the notice goes out with its commit."""
    with Registry(dbname).cursor() as cr:
        cron = api.Environment(cr, SUPERUSER_ID, {}).ref(CRON, raise_if_not_found=False)
        if cron:
            cron._trigger()


WAKER = Waker()
