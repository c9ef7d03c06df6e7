from odoo import fields, models

from odoo.addons.saas_master.series import Constraint

# A name belongs to one tenant (or to one domain without a tenant). The tenant and domains of its own may hold it
# together; PostgreSQL refuses everybody else, in whatever way and at whatever moment a row comes to be.
GUARD = """
    CREATE OR REPLACE FUNCTION saas_label_take(label varchar, tenant integer) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO saas_label (name, tenant_id, holders) VALUES (label, tenant, 1)
            ON CONFLICT (name) DO UPDATE SET holders = saas_label.holders + 1
            WHERE saas_label.tenant_id = EXCLUDED.tenant_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The name % is taken.', label
                  USING ERRCODE = 'unique_violation', TABLE = 'saas_label', CONSTRAINT = 'saas_label_name_uniq';
        END IF;
    END $$;
    CREATE OR REPLACE FUNCTION saas_label_release(label varchar) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE saas_label SET holders = holders - 1 WHERE name = label;
        DELETE FROM saas_label WHERE name = label AND holders <= 0;
    END $$;
    CREATE OR REPLACE FUNCTION saas_label_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        had varchar; has varchar; had_tenant integer; has_tenant integer;
    BEGIN
        IF TG_TABLE_NAME = 'saas_tenant' THEN
            IF TG_OP <> 'INSERT' AND OLD.state <> 'deleted' THEN had := OLD.name; had_tenant := OLD.id; END IF;
            IF TG_OP <> 'DELETE' AND NEW.state <> 'deleted' THEN has := NEW.name; has_tenant := NEW.id; END IF;
        ELSE
            IF TG_OP <> 'INSERT' AND OLD.lost_at IS NULL THEN
                had := OLD.sajet_subdomain; had_tenant := OLD.tenant_id;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.lost_at IS NULL THEN
                has := NEW.sajet_subdomain; has_tenant := NEW.tenant_id;
            END IF;
        END IF;
        IF had IS NOT DISTINCT FROM has AND had_tenant IS NOT DISTINCT FROM has_tenant THEN
            RETURN NULL;
        END IF;
        IF had IS NOT NULL THEN PERFORM saas_label_release(had); END IF;
        IF has IS NOT NULL THEN PERFORM saas_label_take(has, has_tenant); END IF;
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER saas_label_tenant AFTER INSERT OR DELETE OR UPDATE OF name, state ON saas_tenant
        FOR EACH ROW EXECUTE FUNCTION saas_label_guard();
    CREATE OR REPLACE TRIGGER saas_label_domain
        AFTER INSERT OR DELETE OR UPDATE OF sajet_subdomain, tenant_id, lost_at ON saas_custom_domain
        FOR EACH ROW EXECUTE FUNCTION saas_label_guard();"""
# Tenants that were there before this addon, and the repair of what somebody did by hand.
FILL = """
    INSERT INTO saas_label (name, tenant_id, holders)
    SELECT name, min(tenant_id), count(*) FROM (
        SELECT name, id AS tenant_id FROM saas_tenant WHERE state <> 'deleted'
        UNION ALL SELECT sajet_subdomain, tenant_id FROM saas_custom_domain WHERE lost_at IS NULL) held
     GROUP BY name
    ON CONFLICT (name) DO UPDATE SET holders = EXCLUDED.holders, tenant_id = EXCLUDED.tenant_id
     WHERE (saas_label.holders, saas_label.tenant_id) IS DISTINCT FROM (EXCLUDED.holders, EXCLUDED.tenant_id)"""
TABLES = "SELECT count(*) FROM pg_class WHERE relname IN ('saas_tenant', 'saas_custom_domain', 'saas_label') AND relkind = 'r'"


class SaasLabel(models.Model):
    """The first labels under our root domains: names of tenants and subdomains of living domains are one name space."""

    _name = 'saas.label'
    _description = 'Name under a Root Domain'
    _log_access = False

    name = fields.Char(required=True)
    tenant_id = fields.Integer(help='Whose it is; none: of one domain that has no tenant.')
    holders = fields.Integer(required=True)

    _name_uniq = Constraint('UNIQUE (name)', 'This name is taken. Choose another one.')

    def init(self):
        self._guard()

    def _guard(self):
        """Asked for by each of the models, since none knows which table is made last."""
        self.env.cr.execute(TABLES)
        if self.env.cr.fetchone()[0] == 3:
            self.env.cr.execute(GUARD)
            self.env.cr.execute(FILL)
