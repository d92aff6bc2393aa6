-- Cluster-wide roles. Idempotent; run before the migrations, because roles belong to the cluster and
-- migrations to one database (tests create many databases beside each other).
--
--   steward_owner     owns every table; nobody logs in as it, serving roles can never become it
--   steward_operator  what platform people may touch, across tenants, by explicit policies
--   steward_tenant    what acts inside exactly one tenant: row level security by app.tenant_id
--   steward_system    sign-in, sessions, key look-up: what happens before anyone is known
--   steward_provision what makes and removes tenants: may call the functions of schema prov, nothing else
--   steward_prov      owns those functions; makes roles and schemas named by a tenant's id; nobody can become it
--   tr_<32 hex>       one for each tenant with a schema of its own; made by prov, says in its comment of which database
--   steward_app       what the running server's login may become; without SET LOCAL ROLE it has no rights. Nobody logs in
--                     as it; on clusters that are older than this line it still may, and has a password only if somebody
--                     gave it one: `ALTER ROLE steward_app NOLOGIN PASSWORD NULL` once no older server runs
--   steward_app_<oid> the only login of the running server on the database of that oid (db/login.rs)
--   steward_test_app  what tests log in as, on clusters where tests were run (domain/src/testing.rs); it may connect to
--                     their databases only
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['steward_owner', 'steward_operator', 'steward_tenant', 'steward_system', 'steward_provision'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', r);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another process was quicker
      END;
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steward_prov') THEN
    BEGIN
      CREATE ROLE steward_prov NOLOGIN INHERIT NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS;
      GRANT steward_owner, steward_operator TO steward_prov;
      GRANT steward_tenant TO steward_prov WITH ADMIN OPTION;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steward_app') THEN
    BEGIN
      CREATE ROLE steward_app NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
      GRANT steward_operator, steward_tenant, steward_system TO steward_app;
      ALTER ROLE steward_app SET statement_timeout = '15s';
      ALTER ROLE steward_app SET lock_timeout = '5s';
      ALTER ROLE steward_app SET idle_in_transaction_session_timeout = '15s';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role('steward_app', 'steward_provision', 'MEMBER') THEN
    BEGIN
      GRANT steward_provision TO steward_app;
    EXCEPTION WHEN unique_violation OR internal_error THEN NULL; -- another process was quicker
    END;
  END IF;
END $$;
