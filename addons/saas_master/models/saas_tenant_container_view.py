"""What a customer sees of his container: how much of it is in use, and whether it is well. No node, number or address."""
from odoo import _, models

from .saas_tenant_view import MIB_PER_GIB


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _customer_container(self):
        """{words, level, bars, at}; None for who has none."""
        self.ensure_one()
        container = self.sudo().container_id
        if not container or container.state in ('planned', 'gone'):
            return None
        words, level = self._container_words(container)
        bars = self._container_bars(container) if container.state == 'running' and container.observed_at else []
        return {'words': words, 'level': level, 'bars': bars, 'at': container.observed_at}

    def _container_words(self, container):
        if container.problem_code == 'started':
            return _('It is being looked after.'), 'fine'
        if container.problem_code:
            return _('It is not as it should be. Our staff knows about it.'), 'over'
        if container.state == 'running':
            return _('It runs.'), 'fine'
        return _('It is stopped while your tenant is closed.') if self.state == 'suspended' else _('It is stopped.'), 'near'

    def _container_bars(self, container):
        used = _('%(used)s of %(limit)s')
        memory, disk = container.memory_mib, container.disk_gib * MIB_PER_GIB
        return [
            {'code': 'cpu', 'label': _('Processor'), **self._bar(round(container.cpu_percent), 100),
             'text': _('%(percent)s %% of %(cores)s cores', percent=round(container.cpu_percent), cores=container.cores)},
            {'code': 'memory', 'label': _('Memory'), **self._bar(container.memory_used_mib, memory),
             'text': used % {'used': self._size(container.memory_used_mib), 'limit': self._size(memory)}},
            {'code': 'disk', 'label': _('Disk'), **self._bar(container.disk_used_mib, disk),
             'text': used % {'used': self._size(container.disk_used_mib), 'limit': self._size(disk)}},
        ]
