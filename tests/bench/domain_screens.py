"""What staff look at, with twenty thousand custom domains against two hundred."""
from . import screens

SCREENS = {'list': 'domains list', 'kanban': 'domains board, 5 cards a column', 'dashboard': 'dashboard with domains'}
FEW, MANY = 200, 20_000


def rows(stack, config, databases):
    """:param databases: ``{FEW: name, MANY: name}`` of copies of the master's database"""
    with screens.workers(stack, config, databases, 'tests.bench.domain_screens_worker') as made:
        yield from screens.rows(made[FEW], made[MANY], SCREENS, (f'{MANY:,}', str(FEW), 'domains'))
