-- Cluster-wide roles. Idempotent; run before the migrations, because roles belong to the cluster and
-- migrations to one database (tests create many databases beside each other).
--
--   steward_owner     owns every table; nobody logs in as it, serving roles can never become it
--   steward_operator  what platform people may touch, across tenants, by explicit policies
--   steward_tenant    what acts inside exactly one tenant: row level security by app.tenant_id
--   steward_system    sign-in, sessions, key look-up: what happens before anyone is known
--   steward_app       the only login of the running server; without SET LOCAL ROLE it has no rights
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['steward_owner', 'steward_operator', 'steward_tenant', 'steward_system'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', r);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another process was quicker
      END;
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steward_app') THEN
    BEGIN
      CREATE ROLE steward_app LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
      GRANT steward_operator, steward_tenant, steward_system TO steward_app;
      ALTER ROLE steward_app SET statement_timeout = '15s';
      ALTER ROLE steward_app SET lock_timeout = '5s';
      ALTER ROLE steward_app SET idle_in_transaction_session_timeout = '15s';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
END $$;
