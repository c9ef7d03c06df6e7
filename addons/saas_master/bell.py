"""Rings for the bus: a NOTIFY that nobody waits for.

Odoo's own opens a connection to the database ``postgres`` for every notice, 2 to 8 ms, in the thread that commits. A
worker has better to do; here one thread per process does it, and what comes meanwhile is rung for together.
"""
import logging

import psycopg2
from psycopg2 import sql

from odoo.sql_db import db_connect

from odoo.addons.bus.models.bus import ODOO_NOTIFY_FUNCTION, json_dump

from .together import Together

_logger = logging.getLogger(__name__)


class Bell(Together):

    def ring(self, channel):
        """Wake whoever listens on ``channel``, soon. Their notices are in the table already, so a lost ring only delays them."""
        self.ask(channel)

    def _do(self, asked):
        try:
            self._notify(json_dump(list(asked)))
        except psycopg2.Error as error:
            _logger.warning('Nobody was told that operations have moved: %s', error)

    def _notify(self, payload):
        with db_connect('postgres').cursor() as cr:
            cr.execute(sql.SQL("SELECT {}('imbus', %s)").format(sql.Identifier(ODOO_NOTIFY_FUNCTION)), [payload])


BELL = Bell()
