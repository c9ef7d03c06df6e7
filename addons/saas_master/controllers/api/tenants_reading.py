"""Tenants and operations as the interface shows them: a constant number of queries for any number of records."""
from collections import defaultdict

from .errors import ApiError

FIELDS = ('name', 'state', 'url', 'company_name', 'email', 'admin_name', 'lang', 'plan_id', 'partner_id', 'trial_end',
          'live_at', 'create_date', 'delete_on', 'usage_users', 'usage_database_mib', 'usage_files_mib', 'usage_at')
UNPLACED = ('draft', 'provisioning', 'failed')      # their plan decides where they will be
# What stands beside the tenants a caller may see: their plan, customer, reasons, latest operation and container.
BESIDE = """
    SELECT tenant.id, plan.code, customer.id, customer.name, operation.id, operation.kind, operation.state,
           (SELECT 100 * count(*) FILTER (WHERE step.state IN ('done', 'skipped')) / greatest(count(*), 1)
              FROM saas_operation_step step WHERE step.operation_id = operation.id),
           ARRAY(SELECT reason.code FROM saas_tenant_suspension_rel rel
                   JOIN saas_suspension_reason reason ON reason.id = rel.reason_id
                  WHERE rel.tenant_id = tenant.id ORDER BY reason.sequence, reason.id),
           CASE WHEN container.id IS NOT NULL OR node.kind = 'proxmox' AND tenant.state NOT IN %s THEN 'dedicated'
                WHEN node.id IS NULL OR tenant.state IN %s THEN plan.isolation ELSE 'shared' END,
           CASE WHEN container.state != 'gone' THEN jsonb_build_object(
               'state', CASE WHEN container.state = 'planned' THEN 'preparing'
                             WHEN container.problem_code IS NOT NULL THEN 'problem' ELSE container.state END,
               'cpu_cores', container.cores, 'cpu_percent', coalesce(container.cpu_percent, 0),
               'memory_mib', container.memory_mib, 'memory_used_mib', coalesce(container.memory_used_mib, 0),
               'disk_gib', container.disk_gib, 'disk_used_mib', coalesce(container.disk_used_mib, 0)) END,
           container.observed_at
      FROM saas_tenant tenant
      JOIN saas_plan plan ON plan.id = tenant.plan_id
      LEFT JOIN saas_node node ON node.id = tenant.node_id
      LEFT JOIN saas_container container ON container.id = tenant.container_id
      LEFT JOIN res_partner customer ON customer.id = tenant.partner_id
      LEFT JOIN LATERAL (SELECT id, kind, state FROM saas_operation WHERE tenant_id = tenant.id
                          ORDER BY id DESC LIMIT 1) operation ON TRUE
     WHERE tenant.id IN %s"""


def find_tenant(call, name):
    """The tenant of this name that is not deleted, if the caller may see it; else 404, which tells nothing more."""
    tenant = call.env['saas.tenant'].search_fetch([('name', '=', name), ('state', '!=', 'deleted')], FIELDS, limit=1)
    if not tenant:
        raise ApiError('not_found')
    return tenant


def show_tenants(call, tenants):
    """Values of ``schemas_tenants.Tenant`` for tenants the caller may see."""
    call.env.flush_all()
    call.env.cr.execute(BESIDE, [UNPLACED, UNPLACED, tuple(tenants.ids) or (0,)])
    beside = {row[0]: row[1:] for row in call.env.cr.fetchall()}
    return [_tenant(call, tenant, *beside[tenant.id]) for tenant in tenants]


def show_tenant(call, tenant):
    return show_tenants(call, tenant)[0]


def _tenant(call, tenant, plan, customer_id, customer_name, operation_id, kind, state, percent, reasons, isolation, container,
            seen_at):
    return {
        **{name: tenant[name] for name in ('id', 'name', 'state', 'url', 'company_name', 'email', 'admin_name', 'lang',
                                           'trial_end', 'live_at', 'delete_on')},
        'plan': plan,
        'customer': {'id': customer_id, 'name': customer_name or ''} if call.is_staff and customer_id else None,
        'suspension_reasons': reasons,
        'created_at': tenant.create_date,
        'isolation': isolation,
        'container': container and {**container, 'at': seen_at},
        'usage': {'users': tenant.usage_users, 'database_mib': tenant.usage_database_mib,
                  'files_mib': tenant.usage_files_mib, 'at': tenant.usage_at} if tenant.usage_at else None,
        'operation': {'id': operation_id, 'kind': kind, 'state': state,
                      'percent': 100 if state == 'done' else percent} if operation_id else None,
    }


def show_operations(call, operations):
    """Values of ``schemas_tenants.Operation``; steps are read for the caller, who may not read the model."""
    steps = defaultdict(list)
    for step in call.env['saas.operation.step'].sudo().search(
            [('operation_id', 'in', operations.ids)], order='operation_id, sequence, id'):
        steps[step.operation_id.id].append({'name': step.label, 'state': step.state})
    return [_operation(call, operation, steps[operation.id]) for operation in operations]


def show_operation(call, operation):
    return show_operations(call, operation)[0] if operation else None


def _operation(call, operation, steps):
    open_steps = [number for number, step in enumerate(steps, 1) if step['state'] not in ('done', 'skipped')]
    number = open_steps[0] if open_steps else len(steps)
    over = len(steps) - len(open_steps)
    return {
        'id': operation.id, 'kind': operation.kind, 'state': operation.state,
        'tenant': operation.sudo().tenant_id.name,
        'percent': 100 if operation.state == 'done' else 100 * over // len(steps) if steps else 0,
        'step': number, 'total': len(steps), 'label': steps[number - 1]['name'] if steps else '', 'steps': steps,
        'elapsed': round(operation.duration, 1),
        'requested_at': operation.create_date, 'started_at': operation.started_at, 'ended_at': operation.ended_at,
        'error': operation.error if call.is_staff else None,
    }
