"""Of the first page: what is kept ready, and the containers. Sections of an installation that has such things."""
from odoo import _, api, models

STANDBYS = """
    SELECT p.id, p.active, p.wanted, count(s.id) FILTER (WHERE s.state = 'ready'),
           count(s.id) FILTER (WHERE s.state = 'building')
      FROM saas_standby_pool p LEFT JOIN saas_standby s ON s.pool_id = p.id AND s.state IN ('ready', 'building')
     GROUP BY p.id ORDER BY p.id"""
CONTAINERS = """
    SELECT count(*), count(*) FILTER (WHERE problem_code IS NOT NULL), count(*) FILTER (WHERE state = 'running'),
           count(*) FILTER (WHERE state = 'stopped')
      FROM saas_container WHERE state != 'gone'"""
THERE = [('state', '!=', 'gone')]


class SaasDashboard(models.AbstractModel):
    _inherit = 'saas.dashboard'

    @api.model
    def _sections(self):
        there, = self._rows("""
            SELECT EXISTS (SELECT FROM saas_standby_pool), EXISTS (SELECT FROM saas_container WHERE state != 'gone')""")
        return [*super()._sections(), *(name for name, exists in zip(('standby', 'containers'), there, strict=True) if exists)]

    def _figures_standby(self):
        """``wanted`` beside each count; pools that are off want none, and may have some left."""
        rows = self._rows(STANDBYS)
        pools = {pool.id: pool for pool in self.env['saas.standby.pool'].browse([row[0] for row in rows])}
        ready = [('state', '=', 'ready')]
        return {
            **self._figure(sum(row[3] for row in rows), _('Tenants ready'), 'saas.standby', ready,
                           wanted=sum(wanted for _pool, active, wanted, _ready, _building in rows if active)),
            'pools': [self._figure(
                count, pools[pool].display_name, 'saas.standby', [('pool_id', '=', pool), *ready], id=pool, wanted=wanted,
                building=building, failed=pools[pool].failed_count, error=pools[pool].last_error or '')
                for pool, active, wanted, count, building in rows if active],
        }

    def _figures_containers(self):
        total, attention, running, stopped = self._rows(CONTAINERS)[0]
        return {
            **self._figure(total, _('Containers'), 'saas.container', THERE),
            'attention': self._figure(attention, _('Containers that need attention'), 'saas.container',
                                      [*THERE, ('problem_code', '!=', False)]),
            'running': self._figure(running, _('Running containers'), 'saas.container', [('state', '=', 'running')]),
            'stopped': self._figure(stopped, _('Stopped containers'), 'saas.container', [('state', '=', 'stopped')]),
        }
