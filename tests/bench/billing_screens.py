"""What staff look at, with twenty thousand subscriptions against two hundred."""
from . import screens

SCREENS = {'list': 'subscriptions list', 'kanban': 'subscriptions board, 5 cards a column',
           'dashboard': 'dashboard with revenue'}
FEW, MANY = 200, 20_000


def rows(stack, config, databases):
    """:param databases: ``{FEW: name, MANY: name}`` of copies of the master's database"""
    with screens.workers(stack, config, databases, 'tests.bench.billing_screens_worker') as made:
        yield from screens.rows(made[FEW], made[MANY], SCREENS, (f'{MANY:,}', str(FEW), 'subscriptions'))
