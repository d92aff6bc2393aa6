-- The schema of the thousandth tenant is made as quickly as that of the first: no look at the catalogue goes through all
-- of it. What is made is the same as before.
SET LOCAL ROLE steward_prov;
CREATE OR REPLACE FUNCTION prov.create_namespace(t uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  s name := prov.schema_of(t);
  r name := prov.role_of(t);
  tab record;
  part record;
  -- By what depends on the schema: pg_class has no index by schema, and grows with every tenant.
  tabs oid[] := ARRAY(SELECT c.oid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'pooled'::regnamespace AND d.classid = 'pg_class'::regclass AND c.relkind = 'r' ORDER BY c.oid);
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
  FOR tab IN SELECT c.oid, c.relname FROM pg_class c WHERE c.oid = ANY (tabs) ORDER BY c.oid LOOP
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
    WHERE k.conrelid = ANY (tabs) AND k.contype IN ('p', 'u', 'c', 'f')
      AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conrelid = to_regclass(format('%I.%I', s, c.relname)) AND x.conname = k.conname)
    ORDER BY position(k.contype::text IN 'pucf'), k.oid LOOP
    EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', s, part.relname, part.conname, part.def);
  END LOOP;
  FOR part IN
    SELECT i.indexrelid, replace(pg_get_indexdef(i.indexrelid), ' ON pooled.', format(' ON %I.', s)) AS def
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = ANY (tabs)
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
RESET ROLE;
