"""The figures of the first page. A constant number of queries, however many tenants there are."""
from datetime import datetime, timedelta

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..const import STAFF

DAYS = 30
LISTED = 6                  # errors and trials on the page itself; the rest is behind the link

TENANTS = 'SELECT state, plan_id, node_id, count(*) FROM saas_tenant GROUP BY state, plan_id, node_id'
WAITING = """
    SELECT (SELECT count(*) FROM saas_operation WHERE state = 'waiting'),
           (SELECT count(*) FROM saas_operation WHERE state = 'running'),
           (SELECT count(*) FROM saas_operation WHERE state = 'failed' AND ended_at >= %(day)s),
           (SELECT count(*) FROM saas_operation WHERE attention),
           (SELECT count(*) FROM saas_tenant WHERE delete_on IS NOT NULL AND state NOT IN ('deleting', 'deleted')),
           (SELECT count(*) FROM saas_node WHERE active AND health = 'bad')"""
SIGNUPS = """
    SELECT (create_date AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day, count(*),
           count(*) FILTER (WHERE state = 'confirmed')
      FROM saas_signup WHERE create_date >= %(since)s GROUP BY day"""
TIME_TO_LIVE = """
    SELECT (o.ended_at AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day, count(*),
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM t.live_at - o.create_date))
      FROM saas_operation o JOIN saas_tenant t ON t.id = o.tenant_id
     WHERE o.kind = 'provision' AND o.state = 'done' AND o.ended_at >= %(since)s
     GROUP BY GROUPING SETS ((day), ())"""
TRIALS = f"""
    SELECT id, name, company_name, trial_end, count(*) OVER () FROM saas_tenant
     WHERE state = 'running' AND trial_end BETWEEN %(first)s AND %(last)s ORDER BY trial_end, id LIMIT {LISTED}"""
ERRORS = f"""
    SELECT id, error, ended_at, attention FROM saas_operation
     WHERE state = 'failed' AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT {LISTED}"""
SETUP = """
    SELECT EXISTS (SELECT FROM saas_node WHERE active), EXISTS (SELECT FROM saas_template WHERE database_name IS NOT NULL),
           EXISTS (SELECT FROM saas_plan WHERE active AND is_published), EXISTS (SELECT FROM saas_tenant)"""


class SaasDashboard(models.AbstractModel):
    """Sections of figures; every count comes with the domain of exactly its records.

    An addon adds a section: its name in ``_sections``, a method ``_figures_<name>``, and a card of that name in the
    browser's registry ``saas_dashboard_cards``.
    """

    _name = 'saas.dashboard'
    _description = 'SaaS Dashboard'

    @api.model
    def get_figures(self):
        """All sections by name. Support only; raises AccessError."""
        if not self.env.user.has_group(STAFF):
            raise AccessError(_('The dashboard is for staff of the SaaS control plane.'))
        self.env.flush_all()
        return {name: getattr(self, f'_figures_{name}')() for name in self._sections()}

    @api.model
    def _sections(self):
        return ['setup', 'work', 'tenants', 'trials', 'signups', 'time_to_live', 'errors']

    # -- tools for sections ---------------------------------------------------------------------

    def _figure(self, count, label, model, domain, **more):
        return {'count': count, 'label': label, 'model': model, 'domain': domain, **more}

    def _rows(self, query, **params):
        self.env.cr.execute(query, {**params, 'tz': self._timezone().zone})
        return self.env.cr.fetchall()

    def _timezone(self):
        return pytz.timezone(self.env.context.get('tz') or self.env.user.tz or 'UTC')

    def _midnight(self, day):
        """The moment ``day`` begins for the person, in UTC."""
        local = self._timezone().localize(datetime.combine(day, datetime.min.time()))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _days(self):
        today = fields.Date.context_today(self)
        return [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]

    def _since(self):
        return self._midnight(self._days()[0])

    def _day_domain(self, field, day):
        return [(field, '>=', str(self._midnight(day))), (field, '<', str(self._midnight(day + timedelta(days=1))))]

    # -- sections -------------------------------------------------------------------------------

    def _figures_setup(self):
        """What a new installation lacks, in the order in which it is to be done."""
        done = dict(zip(('node', 'template', 'plan', 'tenant'), self._rows(SETUP)[0], strict=True))
        return {'done': done, 'is_new': not all(done.values())}

    def _figures_work(self):
        day = str(fields.Datetime.now() - timedelta(days=1))
        waiting, running, failed, attention, deletions, nodes = self._rows(WAITING, day=day)[0]
        operation = 'saas.operation'
        return {
            'waiting': self._figure(waiting, _('Waiting operations'), operation, [('state', '=', 'waiting')]),
            'running': self._figure(running, _('Running operations'), operation, [('state', '=', 'running')]),
            'failed': self._figure(failed, _('Failed in the last 24 hours'), operation,
                                   [('state', '=', 'failed'), ('ended_at', '>=', day)]),
            'attention': self._figure(attention, _('Operations that need a person'), operation, [('attention', '=', True)]),
            'deletions': self._figure(deletions, _('Deletion asked for'), 'saas.tenant',
                                      [('delete_on', '!=', False), ('state', 'not in', ('deleting', 'deleted'))]),
            'nodes': self._figure(nodes, _('Nodes that need attention'), 'saas.node', [('health', '=', 'bad')]),
        }

    def _figures_tenants(self):
        """By state, by plan and by node, from one walk over one index."""
        rows = self._rows(TENANTS)
        total = sum(count for state, _plan, _node, count in rows if state != 'deleted')
        return {
            'total': self._figure(total, _('Tenants'), 'saas.tenant', [('state', '!=', 'deleted')]),
            'states': self._tenants_by_state(rows),
            'plans': self._tenants_by_plan(rows),
            'nodes': self._nodes(rows),
        }

    def _tenants_by_state(self, rows):
        labels = self.env['saas.tenant']._fields['state']._description_selection(self.env)
        counts = self._sum(rows, 0, lambda state: True)
        return [self._figure(counts.get(state, 0), label, 'saas.tenant', [('state', '=', state)], state=state)
                for state, label in labels]

    def _tenants_by_plan(self, rows):
        counts = self._sum(rows, 1, lambda state: state != 'deleted')
        plans = self.env['saas.plan'].browse(counts).sorted(lambda plan: (plan.sequence, plan.id))
        return [self._figure(counts[plan.id], plan.name, 'saas.tenant',
                             [('plan_id', '=', plan.id), ('state', '!=', 'deleted')]) for plan in plans]

    def _nodes(self, rows):
        counts = self._sum(rows, 2, lambda state: state not in ('draft', 'deleted'))
        nodes = self.env['saas.node'].search([])    # pylint: disable=no-search-all  # all are shown
        health = dict(nodes._fields['health']._description_selection(self.env))
        now = fields.Datetime.now()
        return [self._figure(
            counts.get(node.id, 0), node.name, 'saas.tenant',
            [('node_id', '=', node.id), ('state', 'not in', ('draft', 'deleted'))], id=node.id, capacity=node.capacity,
            series=node.series, health=node.health, health_label=health.get(node.health, ''), note=node.health_note or '',
            is_paused=bool(node.breaker_until and node.breaker_until > now)) for node in nodes]

    def _sum(self, rows, column, wanted):
        counts = {}
        for row in rows:
            if row[column] and wanted(row[0]):
                counts[row[column]] = counts.get(row[column], 0) + row[3]
        return counts

    def _figures_trials(self):
        domain = self.env['saas.tenant']._trial_ending_domain()
        first, last = (value for _field, _operator, value in domain[1:])
        rows = self._rows(TRIALS, first=first, last=last)
        return {
            **self._figure(rows[0][4] if rows else 0, _('Trials ending in 7 days'), 'saas.tenant', domain),
            'tenants': [{'id': tenant, 'name': name, 'company': company, 'ends': str(ends)}
                        for tenant, name, company, ends, _count in rows],
        }

    def _figures_signups(self):
        since = self._since()
        rows = {day: (count, confirmed) for day, count, confirmed in self._rows(SIGNUPS, since=since)}
        domain = [('create_date', '>=', str(since))]
        return {
            **self._figure(sum(count for count, _c in rows.values()), _('Sign-ups in 30 days'), 'saas.signup', domain),
            'confirmed': self._figure(sum(confirmed for _c, confirmed in rows.values()), _('Confirmed in 30 days'),
                                      'saas.signup', [*domain, ('state', '=', 'confirmed')]),
            'days': [self._figure(rows.get(day, (0, 0))[0], str(day), 'saas.signup', self._day_domain('create_date', day),
                                  confirmed=rows.get(day, (0, 0))[1]) for day in self._days()],
        }

    def _figures_time_to_live(self):
        """Seconds from the order to the open address, of provisions that were done; the welcome mail may come later."""
        since = self._since()
        nothing = (0, (None, None))
        rows = {day: (count, times or nothing[1]) for day, count, times in self._rows(TIME_TO_LIVE, since=since)}
        done = [('kind', '=', 'provision'), ('state', '=', 'done')]
        count, (median, late) = rows.get(None) or nothing
        days = [(day, *rows.get(day, nothing)) for day in self._days()]
        return {
            **self._figure(count, _('Provisions done in 30 days'), 'saas.operation', [*done, ('ended_at', '>=', str(since))]),
            'median': median, 'late': late,
            'days': [self._figure(number, str(day), 'saas.operation', [*done, *self._day_domain('ended_at', day)],
                                  median=times[0], late=times[1]) for day, number, times in days],
        }

    def _figures_errors(self):
        rows = self._rows(ERRORS)
        names = self.env['saas.operation'].browse([row[0] for row in rows]).mapped('display_name')
        return [{'id': operation, 'name': name, 'error': error or '', 'at': str(ended_at), 'attention': bool(attention)}
                for name, (operation, error, ended_at, attention) in zip(names, rows, strict=True)]


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_operation_failed ON saas_operation (ended_at) WHERE state = 'failed';
            CREATE INDEX IF NOT EXISTS saas_operation_lived ON saas_operation (ended_at, create_date)
             WHERE kind = 'provision' AND state = 'done'""")
        return super().init()


class SaasSignup(models.Model):
    _inherit = 'saas.signup'

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_signup_days ON saas_signup (create_date, state)""")
        return super().init()
