-- What happened, by whom, with proof (R134, R135). One chain per tenant and one for the platform (the nil id):
-- hash = SHA-256(previous hash || canonical JSON of the entry), sequence without gaps from the head row.
-- Serving roles may append and read; nobody may change or delete.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.audit_head (
  tenant_id uuid PRIMARY KEY,
  seq       bigint NOT NULL,
  hash      bytea NOT NULL CHECK (length(hash) = 32)
);
CREATE TABLE steward.audit_entry (
  tenant_id  uuid NOT NULL,
  seq        bigint NOT NULL CHECK (seq > 0),
  at         timestamptz NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'api_key', 'system', 'anonymous')),
  actor_id   uuid,
  actor_name text NOT NULL,
  action     text NOT NULL CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
  result     text NOT NULL CHECK (result IN ('done', 'denied')),
  target     text NOT NULL,
  reason     text,
  before     jsonb,
  after      jsonb,
  request_id text NOT NULL,
  hash       bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (tenant_id, seq)
);
-- One direction for all columns, so that a page begins by a comparison of rows.
CREATE INDEX audit_entry_by_time ON audit_entry (at DESC, tenant_id DESC, seq DESC);
CREATE INDEX audit_entry_by_tenant_time ON audit_entry (tenant_id, at DESC, seq DESC);
CREATE INDEX audit_entry_by_actor ON audit_entry (actor_id, at DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entry_by_request ON audit_entry (request_id);
CALL isolate('audit_head', 'tenant_id');
CALL isolate('audit_entry', 'tenant_id');
CREATE POLICY system_rows ON audit_head TO steward_system USING (true) WITH CHECK (true);
CREATE POLICY system_rows ON audit_entry TO steward_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_entry TO steward_operator, steward_tenant, steward_system;
GRANT SELECT, INSERT, UPDATE ON audit_head TO steward_operator, steward_tenant, steward_system;
RESET ROLE;
