"""The local stack: PostgreSQL, nginx, a mail catcher and two Odoo servers on loopback, brought from nothing.

Only the standard library is used here; what needs Odoo's libraries is in ``inside`` and runs in its environment.
``from tests.stack import Stack`` is how the demo, the tests and the benchmark use it.
"""
from .report import Problem
from .settings import Settings
from .stack import Stack

__all__ = ['Problem', 'Settings', 'Stack']
