"""Wakes the cron that works off the inbox, without Stripe's delivery having to wait for it.

A trigger of a cron is a row and a NOTIFY over a connection of its own, several milliseconds. One thread per process does
both; what comes meanwhile, and for a moment after, is woken for together.
"""
import logging
import time

import psycopg2
from psycopg2 import sql

from odoo.sql_db import db_connect

from odoo.addons.bus.models.bus import ODOO_NOTIFY_FUNCTION
from odoo.addons.saas_master.together import Together

_logger = logging.getLogger(__name__)

MODULE, NAME = 'saas_billing', 'cron_events'
PAUSE = 0.5         # seconds between two wakes of a process
TRIGGER = """
    INSERT INTO ir_cron_trigger (cron_id, call_at, create_uid, create_date, write_uid, write_date)
    SELECT cron.id, moment.now, 1, moment.now, 1, moment.now
      FROM ir_model_data data JOIN ir_cron cron ON cron.id = data.res_id AND cron.active,
           (SELECT date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC') AS now) moment
     WHERE data.module = %(module)s AND data.name = %(name)s AND data.model = 'ir.cron'"""


class Waker(Together):

    def wake(self, dbname):
        """Have the inbox of this database worked off, soon. A lost wake delays its events by a minute at most."""
        self.ask(dbname)

    def _do(self, asked):
        for name in asked:
            try:
                trigger(name)
            except psycopg2.Error as error:
                _logger.warning('The cron that works off events of Stripe was not woken: %s', error)
        time.sleep(PAUSE)


def trigger(dbname):
    """What ``ir.cron._trigger`` does, in a transaction of its own: a row, and a notice once it is committed."""
    with db_connect(dbname).cursor() as cr:
        cr.execute(TRIGGER, {'module': MODULE, 'name': NAME})
        if not cr.rowcount:
            return
    with db_connect('postgres').cursor() as cr:
        cr.execute(sql.SQL("SELECT {}('cron_trigger', %s)").format(sql.Identifier(ODOO_NOTIFY_FUNCTION)), [dbname])


WAKER = Waker()
