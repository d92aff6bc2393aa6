-- Every row is a finding; no row is a pass. PostgreSQL 15. Any role may run it that can read steward.tenant.
WITH rel AS (
  SELECT c.oid, n.nspname AS s, c.relname AS t, c.relkind AS k, c.relrowsecurity AS en, c.relforcerowsecurity AS fo,
         c.relispartition AS part, c.relowner, c.reloptions,
         EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^(pg_|information_schema)'),
-- The table of tenants is keyed by its own id.
guarded AS (SELECT * FROM rel WHERE k IN ('r', 'p') AND (has_tid OR (s = 'steward' AND t = 'tenant'))),
-- A running server's login is named by its database.
serving AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN ('steward_app', 'steward_app_' || (SELECT oid FROM pg_database WHERE datname = current_database()))),
-- Roles belong to the cluster: a tenant's role says in its comment whose it is.
own AS (SELECT oid, rolname FROM pg_roles WHERE rolname LIKE 'tr\_%' AND shobj_description(oid, 'pg_authid') = 'steward:' || current_database()),
tenantish AS (SELECT oid, rolname FROM pg_roles WHERE rolname = 'steward_tenant' UNION ALL SELECT oid, rolname FROM own),
entered AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN ('steward_app', 'steward_operator', 'steward_tenant', 'steward_system', 'steward_provision')
  UNION SELECT oid, rolname FROM serving UNION ALL SELECT oid, rolname FROM own)
SELECT 'R01 tenant table without forced row level security' AS rule, s || '.' || t AS object FROM guarded WHERE NOT (en AND fo) AND NOT part
UNION ALL SELECT 'R02 tenant table without a policy', s || '.' || t FROM guarded
  WHERE NOT part AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = guarded.oid)
UNION ALL SELECT 'R03 always-true policy that a tenant role reaches', p.polname || ' on ' || p.polrelid::regclass FROM pg_policy p
  WHERE p.polpermissive AND (pg_get_expr(p.polqual, p.polrelid) = 'true' OR (p.polqual IS NULL AND p.polcmd <> 'a'))
    AND (p.polroles = '{0}' OR p.polroles && (SELECT array_agg(oid) FROM tenantish))
UNION ALL SELECT 'R04 write policy that checks nothing', p.polname || ' on ' || p.polrelid::regclass FROM pg_policy p
  WHERE p.polcmd IN ('a', 'w', '*') AND p.polwithcheck IS NULL AND p.polqual IS NULL
UNION ALL SELECT 'R05 view with its owner''s rights that a tenant role reads', s || '.' || t FROM rel r
  WHERE k = 'v' AND NOT coalesce(r.reloptions @> ARRAY['security_invoker=true'] OR r.reloptions @> ARRAY['security_invoker=on'], false)
    AND EXISTS (SELECT FROM tenantish x WHERE has_table_privilege(x.oid, r.oid, 'SELECT'))
UNION ALL SELECT 'R06 materialized view that a tenant role reads', s || '.' || t FROM rel r
  WHERE k = 'm' AND EXISTS (SELECT FROM tenantish x WHERE has_table_privilege(x.oid, r.oid, 'SELECT'))
UNION ALL SELECT 'R07 SECURITY DEFINER without a pinned search_path', p.oid::regprocedure::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)'
    AND NOT EXISTS (SELECT FROM unnest(coalesce(p.proconfig, '{}')) c WHERE c LIKE 'search_path=%')
UNION ALL SELECT 'R08 SECURITY DEFINER that a tenant role may call', p.oid::regprocedure::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)'
    AND EXISTS (SELECT FROM tenantish x WHERE has_function_privilege(x.oid, p.oid, 'EXECUTE') AND has_schema_privilege(x.oid, n.oid, 'USAGE'))
-- Other logins of the cluster are not ours to judge; 10 is the superuser that initdb made.
UNION ALL SELECT 'R09 login of ours with too many rights', rolname FROM pg_roles
  WHERE rolname LIKE 'steward\_%' AND rolcanlogin AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
    AND oid <> 10 AND rolname <> 'steward_admin'
UNION ALL SELECT 'R10 serving login inherits rights', r.rolname FROM pg_roles r JOIN serving USING (oid) WHERE r.rolinherit
UNION ALL SELECT 'R11 serving or tenant role owns a relation', r.s || '.' || r.t || ' owner ' || pg_get_userbyid(r.relowner) FROM rel r
  WHERE r.relowner IN (SELECT oid FROM entered)
UNION ALL SELECT 'R12 serving login can become more than it may', s.rolname || ' -> ' || r.rolname
  FROM serving s JOIN pg_roles r ON r.oid <> s.oid AND pg_has_role(s.oid, r.oid, 'MEMBER')
  WHERE r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolname IN ('steward_owner', 'pg_read_server_files',
    'pg_write_server_files', 'pg_execute_server_program', 'pg_read_all_data', 'pg_write_all_data')
UNION ALL SELECT 'R13 foreign key between tenant tables without tenant_id', conname || ' on ' || conrelid::regclass
  FROM pg_constraint c JOIN rel a ON a.oid = c.conrelid JOIN rel b ON b.oid = c.confrelid
  WHERE contype = 'f' AND a.has_tid AND b.has_tid
    AND NOT EXISTS (SELECT FROM unnest(c.conkey) k JOIN pg_attribute x ON x.attrelid = c.conrelid AND x.attnum = k WHERE x.attname = 'tenant_id')
-- A unique index over all tenants tells one of them what another has.
UNION ALL SELECT 'R14 unique index of a tenant table without tenant_id', i.indexrelid::regclass::text
  FROM pg_index i JOIN rel r ON r.oid = i.indrelid
  WHERE i.indisunique AND r.has_tid
    AND NOT EXISTS (SELECT FROM unnest(i.indkey::int[]) k JOIN pg_attribute x ON x.attrelid = i.indrelid AND x.attnum = k WHERE x.attname = 'tenant_id')
-- Row level security of the parent does not protect a partition that is asked directly.
UNION ALL SELECT 'R15 partition that a tenant role reaches directly', s || '.' || t FROM rel r
  WHERE part AND EXISTS (SELECT FROM tenantish x WHERE has_table_privilege(x.oid, r.oid, 'SELECT,INSERT,UPDATE,DELETE'))
UNION ALL SELECT 'R16 tenant role may truncate, reference or add triggers', x.rolname || ' on ' || s || '.' || t FROM rel r, tenantish x
  WHERE k IN ('r', 'p') AND has_table_privilege(x.oid, r.oid, 'TRUNCATE,REFERENCES,TRIGGER')
UNION ALL SELECT 'R17 everybody may create objects', 'schema ' || nspname FROM pg_namespace
  WHERE nspname !~ '^pg_(toast|temp)' AND has_schema_privilege('public', oid, 'CREATE')
UNION ALL SELECT 'R17 everybody may create objects', 'temporary tables' FROM pg_database
  WHERE datname = current_database() AND has_database_privilege('public', oid, 'TEMP')
UNION ALL SELECT 'R18 everybody may call set_config', 'pg_catalog.set_config'
  WHERE has_function_privilege('public', 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')
UNION ALL SELECT 'R19 tenant schema that a foreign role enters', n.nspname || ' -> ' || x.rolname FROM pg_namespace n, tenantish x
  WHERE n.nspname LIKE 't\_%' AND has_schema_privilege(x.oid, n.oid, 'USAGE') AND x.rolname <> 'tr_' || substr(n.nspname, 3)
UNION ALL SELECT 'R20 schema of no dedicated tenant', n.nspname FROM pg_namespace n
  WHERE n.nspname ~ '^t_[0-9a-f]{32}$'
    AND NOT EXISTS (SELECT FROM steward.tenant t WHERE 't_' || replace(t.id::text, '-', '') = n.nspname AND t.placement = 'dedicated')
UNION ALL SELECT 'R21 tenant role without a schema', r.rolname FROM own r
  WHERE NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 't_' || substr(r.rolname, 4))
UNION ALL SELECT 'R22 dedicated tenant without a schema', t.slug FROM steward.tenant t
  WHERE t.placement = 'dedicated' AND t.status NOT IN ('provisioning', 'failed', 'deleted')
    AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 't_' || replace(t.id::text, '-', ''))
UNION ALL SELECT 'R23 tenant role can log in', rolname FROM tenantish JOIN pg_roles USING (oid, rolname) WHERE rolcanlogin
UNION ALL SELECT 'R24 audit entries can be changed', x.rolname || ' on ' || r.s || '.' || r.t FROM rel r, entered x
  WHERE r.s = 'steward' AND r.t = 'audit_entry' AND has_table_privilege(x.oid, r.oid, 'UPDATE,DELETE,TRUNCATE')
UNION ALL SELECT 'R24 audit entries can be changed', x.rolname || ' on ' || r.s || '.' || r.t FROM rel r, entered x
  WHERE r.s = 'steward' AND r.t = 'audit_head' AND has_table_privilege(x.oid, r.oid, 'DELETE,TRUNCATE')
UNION ALL SELECT 'R25 tenant role reaches secrets of sign-in', x.rolname || ' on ' || r.s || '.' || r.t FROM rel r, tenantish x
  WHERE r.s = 'steward' AND (
    (r.t IN ('session', 'sign_in_throttle', 'one_time_link', 'platform_key') AND has_any_column_privilege(x.oid, r.oid, 'SELECT,INSERT,UPDATE'))
    OR (r.t = 'user_account' AND has_column_privilege(x.oid, r.oid, 'password_hash', 'SELECT,UPDATE')))
UNION ALL SELECT 'R26 serving role reaches the installation''s secrets', x.rolname || ' on ' || r.s || '.' || r.t FROM rel r, entered x
  WHERE r.s = 'steward' AND r.t = 'secret' AND has_any_column_privilege(x.oid, r.oid, 'SELECT,INSERT,UPDATE')
ORDER BY 1, 2
