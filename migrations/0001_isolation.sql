-- The ground that every table stands on: two schemas, who may enter them, and how a row knows its tenant.
--
-- `steward` is the control plane; `pooled` the data plane of tenants that share tables. A dedicated tenant
-- gets a schema of its own with the tables of `pooled`, so data-plane tables are always named without a schema.
DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO steward_app', current_database());
  EXECUTE format('GRANT CREATE ON DATABASE %I TO steward_owner', current_database());
  -- `public` first, so that the migration table stays where the first run put it.
  EXECUTE format('ALTER DATABASE %I SET search_path = public, steward, pooled', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- A SELECT-only injection could otherwise change tenant or role in the middle of a transaction.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE SCHEMA steward AUTHORIZATION steward_owner;
CREATE SCHEMA pooled AUTHORIZATION steward_owner;
GRANT USAGE ON SCHEMA steward, pooled TO steward_operator, steward_tenant, steward_system;
SET LOCAL search_path = public, steward, pooled;

SET LOCAL ROLE steward_owner;

-- After a SET LOCAL the setting reverts to an empty string, not to NULL: a bare cast would fail.
CREATE FUNCTION steward.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;
GRANT EXECUTE ON FUNCTION steward.current_tenant() TO steward_operator, steward_tenant, steward_system;

-- Puts a tenant table under row level security: tenants see their rows, operators all.
-- `key` is the column that holds the tenant's id. Grants are made by each table's own migration.
CREATE PROCEDURE steward.isolate(tab regclass, key name) LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tab);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tab);
  EXECUTE format('CREATE POLICY tenant_rows ON %s TO steward_tenant USING (%I = steward.current_tenant()) WITH CHECK (%I = steward.current_tenant())', tab, key, key);
  EXECUTE format('CREATE POLICY operator_rows ON %s TO steward_operator USING (true) WITH CHECK (true)', tab);
END $$;
REVOKE ALL ON PROCEDURE steward.isolate(regclass, name) FROM PUBLIC;
RESET ROLE;
