"""What several servers do at the same moment: real threads with transactions of their own, so its tests clean up."""
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_master.models.saas_operation_runner import CONFLICTS


@tagged('post_install', '-at_install')
class RaceCase(TransactionCase):

    @contextmanager
    def _server(self):
        """The environment of another server's request: a connection and a transaction of its own."""
        with db_connect(self.env.cr.dbname).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})

    def _at_once(self, *works, ways=retrying):
        """Answers of ``works``, which are given an environment and begun when each has its snapshot; ``ways`` repeats them
        after conflicts and commits."""
        barrier = threading.Barrier(len(works))

        def run(work):
            with self._server() as env:
                env.cr.execute('SELECT 1')      # the snapshot from before the others have done anything
                barrier.wait(timeout=60)
                return ways(lambda: work(env), env)
        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(run, works))

    @staticmethod
    def _patiently(work, env):
        """As ``retrying``, which gives up after five conflicts; the ledger's workers have ten and more of them."""
        while True:
            try:
                answer = work()
                env.cr.commit()     # pylint: disable=invalid-commit  # a transaction of this thread alone
                return answer
            except CONFLICTS:
                env.cr.rollback()
                env.invalidate_all()
