-- Keys of programs. Only SHA-256 of the 256-bit secret is kept; the key is shown once.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.api_key (
  tenant_id    uuid NOT NULL REFERENCES tenant (id),
  id           uuid NOT NULL,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  secret_hash  bytea NOT NULL CHECK (length(secret_hash) = 32),
  access       text NOT NULL CHECK (access IN ('read', 'read_write')),
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at   timestamptz,
  PRIMARY KEY (tenant_id, id)
);
-- A program is looked up by the id inside its key, before its tenant is known.
CREATE INDEX api_key_by_id ON api_key (id);
-- Two living keys of one name could not be told apart when one of them has to be revoked.
CREATE UNIQUE INDEX api_key_name_key ON api_key (tenant_id, lower(name)) WHERE revoked_at IS NULL;
CALL isolate('api_key', 'tenant_id');
CREATE POLICY system_rows ON api_key FOR SELECT TO steward_system USING (true);
GRANT SELECT, INSERT, UPDATE ON api_key TO steward_operator, steward_tenant;
GRANT SELECT ON api_key TO steward_system;
-- Calls used in each quarter of an hour, counted and refused in one statement (R64, R71).
CREATE TABLE steward.api_window (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  starts_at timestamptz NOT NULL,
  used      integer NOT NULL,
  PRIMARY KEY (tenant_id, starts_at)
);
CALL isolate('api_window', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON api_window TO steward_operator, steward_tenant;
RESET ROLE;
