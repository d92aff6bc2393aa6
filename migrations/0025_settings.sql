-- Settings (R49–R59): what the platform and what a tenant says about a key of the registry in model::settings. No row is
-- "inherit". A locked row of the platform or of a parent holds for everything below it.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.platform_setting (
  key        text PRIMARY KEY CHECK (key ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$'),
  value      jsonb NOT NULL CHECK (jsonb_typeof(value) IN ('boolean', 'number', 'string')),
  locked     boolean NOT NULL,
  reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  version    bigint NOT NULL DEFAULT 1
);
CREATE TABLE steward.tenant_setting (
  tenant_id  uuid NOT NULL REFERENCES tenant (id),
  key        text NOT NULL CHECK (key ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$'),
  value      jsonb NOT NULL CHECK (jsonb_typeof(value) IN ('boolean', 'number', 'string')),
  -- For the tenants below this one.
  locked     boolean NOT NULL DEFAULT false,
  reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  version    bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, key)
);
-- How many tenants say something of their own about a key.
CREATE INDEX tenant_setting_by_key ON tenant_setting (key);
CALL isolate('tenant_setting', 'tenant_id');
-- The cascade crosses tenants (parents), and sessions obey it before anyone is known.
CREATE POLICY system_rows ON tenant_setting FOR SELECT TO steward_system USING (true);
GRANT SELECT ON platform_setting TO steward_operator, steward_tenant, steward_system;
GRANT INSERT, UPDATE, DELETE ON platform_setting TO steward_operator;
GRANT SELECT ON tenant_setting TO steward_operator, steward_tenant, steward_system;
GRANT INSERT, UPDATE, DELETE ON tenant_setting TO steward_operator, steward_tenant;
RESET ROLE;
