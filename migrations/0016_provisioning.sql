-- Making and removing tenants: what needs more rights than any serving role has (security.md 3). Each function takes ids
-- only, builds every name from them, pins its search path, and refuses tenants that are in service. Serving transactions
-- reach them as steward_provision alone.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
-- Names that a request has taken while nobody has begun it: no two people wait for the same slug.
CREATE TABLE steward.name_claim (
  what         text NOT NULL CHECK (what IN ('slug', 'domain', 'external_id')),
  value        text NOT NULL,
  operation_id uuid NOT NULL,
  CONSTRAINT name_claim_key PRIMARY KEY (what, value)
);
CREATE INDEX name_claim_by_operation ON name_claim (operation_id);
GRANT SELECT, INSERT, DELETE ON name_claim TO steward_operator;
-- What is watched for a tenant, and when somebody is told (R24).
CREATE TABLE steward.monitor (
  tenant_id  uuid NOT NULL REFERENCES tenant (id),
  kind       text NOT NULL CHECK (kind IN ('ingestion_stalled', 'task_failures', 'quota', 'isolation')),
  -- Hours without a conversation, per cent of failed runs, per cent of a limit, hours since the last proof.
  threshold  integer NOT NULL CHECK (threshold > 0),
  set_up_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, kind)
);
-- When a tenant's data is next copied (R24, R120); the interval follows the setting backup.schedule.
CREATE TABLE steward.backup_schedule (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  kind      text NOT NULL CHECK (kind IN ('full', 'config')),
  every     interval NOT NULL,
  keep_days integer NOT NULL CHECK (keep_days > 0),
  next_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, kind)
);
CREATE INDEX backup_schedule_due ON backup_schedule (next_at);
-- Evidence that a tenant is isolated: every attempt to get at something foreign, and what came of it (R127).
CREATE TABLE steward.isolation_run (
  tenant_id      uuid NOT NULL REFERENCES tenant (id),
  id             uuid NOT NULL,
  at             timestamptz NOT NULL DEFAULT now(),
  trigger        text NOT NULL CHECK (trigger IN ('provisioning', 'schedule', 'request')),
  build          text NOT NULL,
  server_version text NOT NULL,
  -- Over policies, rights and memberships as they were.
  catalogue_hash text NOT NULL,
  placement      text NOT NULL CHECK (placement IN ('pooled', 'dedicated')),
  passed         smallint NOT NULL,
  failed         smallint NOT NULL,
  -- domain::isolation::Attempt list.
  attempts       jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX isolation_run_newest ON isolation_run (tenant_id, at DESC);
CALL isolate('monitor', 'tenant_id');
CALL isolate('backup_schedule', 'tenant_id');
CALL isolate('isolation_run', 'tenant_id');
GRANT SELECT, INSERT ON isolation_run TO steward_operator;
GRANT SELECT ON isolation_run TO steward_tenant;
GRANT SELECT, INSERT, UPDATE ON monitor, backup_schedule TO steward_operator;
GRANT SELECT ON monitor, backup_schedule TO steward_tenant;
GRANT USAGE ON SCHEMA steward, pooled TO steward_prov;
-- The tenant that a transaction works for, by the same name in every schema of data (R17).
CREATE FUNCTION pooled.tenant_context() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT steward.current_tenant() $$;
GRANT EXECUTE ON FUNCTION pooled.tenant_context() TO steward_operator, steward_tenant;
RESET ROLE;

CREATE SCHEMA prov AUTHORIZATION steward_prov;
SET LOCAL ROLE steward_prov;
CREATE FUNCTION prov.schema_of(t uuid) RETURNS name LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT ('t_' || replace(t::text, '-', ''))::name $$;
CREATE FUNCTION prov.role_of(t uuid) RETURNS name LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT ('tr_' || replace(t::text, '-', ''))::name $$;

-- The schema and role of a dedicated tenant, with the tables of `pooled` as they are now. Called again it adds what is
-- missing: after a crash, and after a migration.
CREATE FUNCTION prov.create_namespace(t uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s name := prov.schema_of(t);
  r name := prov.role_of(t);
  tab record;
  part record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(s, 0));
  IF NOT EXISTS (SELECT FROM steward.tenant x WHERE x.id = t AND x.placement = 'dedicated' AND x.status NOT IN ('purging', 'deleted')) THEN
    RAISE EXCEPTION 'no dedicated tenant %', t USING ERRCODE = 'no_data_found';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', r);
    EXECUTE format('COMMENT ON ROLE %I IS %L', r, 'steward:' || current_database());
    EXECUTE format('GRANT steward_tenant TO %I', r);
    EXECUTE format('GRANT %I TO steward_app', r);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s) THEN
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION steward_owner', s);
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, steward_operator', s, r);
  FOR tab IN SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'pooled'::regnamespace AND c.relkind = 'r' ORDER BY c.oid LOOP
    IF to_regclass(format('%I.%I', s, tab.relname)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I.%I (LIKE pooled.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMMENTS)', s, tab.relname, tab.relname);
      EXECUTE format('ALTER TABLE %I.%I OWNER TO steward_owner', s, tab.relname);
      -- Whatever a transaction says it is, no other tenant's row gets in here.
      EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT only_this_tenant CHECK (tenant_id = %L)', s, tab.relname, t);
      EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', s, tab.relname);
      EXECUTE format('CREATE POLICY tenant_rows ON %I.%I TO %I USING (tenant_id = steward.current_tenant()) WITH CHECK (tenant_id = steward.current_tenant())', s, tab.relname, r);
      EXECUTE format('CREATE POLICY operator_rows ON %I.%I TO steward_operator USING (true) WITH CHECK (true)', s, tab.relname);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I, steward_operator', s, tab.relname, r);
    END IF;
    FOR part IN
      SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) AS def
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = tab.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = to_regclass(format('%I.%I', s, tab.relname)) AND b.attname = a.attname AND NOT b.attisdropped)
      ORDER BY a.attnum LOOP
      EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I %s', s, tab.relname, part.attname, part.type)
        || coalesce(' DEFAULT ' || part.def, '') || CASE WHEN part.attnotnull THEN ' NOT NULL' ELSE '' END;
    END LOOP;
  END LOOP;
  -- Keys before the references to them.
  FOR part IN
    SELECT c.relname, k.conname, replace(pg_get_constraintdef(k.oid), 'REFERENCES pooled.', format('REFERENCES %I.', s)) AS def
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = 'pooled'::regnamespace AND k.contype IN ('p', 'u', 'c', 'f')
      AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conrelid = to_regclass(format('%I.%I', s, c.relname)) AND x.conname = k.conname)
    ORDER BY position(k.contype::text IN 'pucf'), k.oid LOOP
    EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', s, part.relname, part.conname, part.def);
  END LOOP;
  FOR part IN
    SELECT i.indexrelid, replace(pg_get_indexdef(i.indexrelid), ' ON pooled.', format(' ON %I.', s)) AS def
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE c.relnamespace = 'pooled'::regnamespace AND c.relkind = 'r'
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
      AND to_regclass(format('%I.%I', s, x.relname)) IS NULL
    ORDER BY i.indexrelid LOOP
    EXECUTE part.def;
  END LOOP;
  -- The tenant of this schema, for programs that work in it (R17).
  IF to_regproc(format('%I.tenant_context', s)) IS NULL THEN
    EXECUTE format('CREATE FUNCTION %I.tenant_context() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L', s, format('SELECT %L::uuid', t));
    EXECUTE format('ALTER FUNCTION %I.tenant_context() OWNER TO steward_owner', s);
    EXECUTE format('REVOKE ALL ON FUNCTION %I.tenant_context() FROM PUBLIC', s);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %I.tenant_context() TO %I, steward_operator', s, r);
  END IF;
END $$;

-- Whether a tenant is in nobody's service: being made, failed, being erased, gone, or never there.
CREATE FUNCTION prov.is_removable(t uuid) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT NOT EXISTS (SELECT FROM steward.tenant x WHERE x.id = t AND x.status NOT IN ('provisioning', 'failed', 'purging', 'deleted')) $$;

CREATE FUNCTION prov.drop_namespace(t uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE s name := prov.schema_of(t); r name := prov.role_of(t);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(s, 0));
  IF NOT prov.is_removable(t) THEN
    RAISE EXCEPTION 'tenant % is in service', t USING ERRCODE = 'object_in_use';
  END IF;
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = s) THEN EXECUTE format('DROP SCHEMA %I CASCADE', s); END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('DROP ROLE %I', r); END IF;
END $$;

-- Removes what a tenant has in these tables of the shared schemas; answers how many rows that were.
CREATE FUNCTION prov.wipe(t uuid, VARIADIC tables name[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE tab record; n bigint; total bigint := 0; blocked boolean; progress boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM steward.tenant x WHERE x.id = t AND x.status IN ('provisioning', 'failed')) THEN
    RETURN 0;
  END IF;
  -- References between the tables are found out by trying: whatever is still referred to has its turn again.
  LOOP
    blocked := false; progress := false;
    FOR tab IN
      SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
      WHERE s.nspname IN ('steward', 'pooled') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND (cardinality(tables) = 0 OR c.relname = ANY (tables))
        -- What happened stays on record.
        AND c.relname NOT IN ('audit_entry', 'audit_head', 'operation', 'operation_step', 'operation_log', 'notification', 'delivery', 'delivery_attempt')
        AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    LOOP
      BEGIN
        EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', tab.name) USING t;
        GET DIAGNOSTICS n = ROW_COUNT;
        total := total + n;
        progress := progress OR n > 0;
      EXCEPTION WHEN foreign_key_violation THEN
        blocked := true;
      END;
    END LOOP;
    EXIT WHEN NOT blocked;
    IF NOT progress THEN
      RAISE EXCEPTION 'rows of tenant % are referred to', t USING ERRCODE = 'foreign_key_violation';
    END IF;
  END LOOP;
  RETURN total;
END $$;

-- Removes a tenant that was never in service, as if it had never been asked for; its audit log and operations stay.
CREATE FUNCTION prov.forget(t uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT prov.is_removable(t) THEN
    RAISE EXCEPTION 'tenant % is in service', t USING ERRCODE = 'object_in_use';
  END IF;
  PERFORM prov.drop_namespace(t);
  PERFORM prov.wipe(t, VARIADIC '{}'::name[]);
  DELETE FROM steward.tenant WHERE id = t AND status IN ('provisioning', 'failed');
END $$;

-- Removes an account that nobody has ever used and that has no place anywhere.
CREATE FUNCTION prov.drop_account(u uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM steward.member WHERE user_id = u) OR NOT EXISTS (SELECT FROM steward.user_account a
      WHERE a.id = u AND a.password_hash IS NULL AND a.last_seen_at IS NULL AND a.platform_role IS NULL) THEN
    RETURN false;
  END IF;
  DELETE FROM steward.user_account WHERE id = u;
  RETURN FOUND;
EXCEPTION WHEN foreign_key_violation THEN
  RETURN false; -- Somebody has sent a link or stored a view in the meantime: it is in use.
END $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA prov FROM PUBLIC;
GRANT USAGE ON SCHEMA prov TO steward_provision;
GRANT EXECUTE ON FUNCTION prov.create_namespace(uuid), prov.drop_namespace(uuid), prov.wipe(uuid, name[]), prov.forget(uuid), prov.drop_account(uuid) TO steward_provision;
RESET ROLE;
