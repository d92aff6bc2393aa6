-- The ledger of operations (design.md 6): what is asked for, its steps, its log. The rows are the work items: a worker
-- claims one by a lease with a fence, both on the database's clock, and every later write says the fence.
-- `tenant_id` is the nil id for work of the platform itself. No foreign key to `tenant`: the operation that makes a
-- tenant is there before it, and stays after it is gone.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.operation (
  tenant_id       uuid NOT NULL,
  id              uuid NOT NULL,
  kind            text NOT NULL CHECK (kind ~ '^[a-z_]{3,30}$'),
  state           text NOT NULL CHECK (state IN ('requested', 'queued', 'running', 'undoing', 'succeeded', 'failed', 'cancelled', 'rolled_back', 'rejected', 'parked', 'needs_operator')),
  subject         text NOT NULL,
  -- Which form `payload` has; a binary that does not know it parks the operation.
  payload_version smallint NOT NULL DEFAULT 1,
  payload         jsonb NOT NULL,
  reason          text,
  -- model::permission::Actor without memberships: the audit lines of the steps are in this name.
  requested_by    jsonb NOT NULL,
  requested_by_id uuid,
  requested_by_name text NOT NULL,
  request_id      text NOT NULL,
  requested_at    timestamptz NOT NULL DEFAULT now(),
  approved_by_id  uuid,
  approved_by_name text,
  approved_at     timestamptz,
  approval_note   text,
  -- The bulk operation that it is part of.
  parent_id       uuid,
  run_after       timestamptz NOT NULL DEFAULT now(),
  -- Counted at the claim, so that an operation that kills its worker runs out of attempts; 0 after every finished step.
  attempt         integer NOT NULL DEFAULT 0,
  fence           bigint NOT NULL DEFAULT 0,
  worker          text,
  lease_until     timestamptz,
  -- Asked for while it runs; the runner turns around at the next step.
  stop            text CHECK (stop IN ('cancelled', 'rolled_back')),
  -- Where undoing ends.
  ends_as         text CHECK (ends_as IN ('failed', 'cancelled', 'rolled_back')),
  error           text,
  result          jsonb,
  started_at      timestamptz,
  finished_at     timestamptz,
  version         bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT operation_undoing_ends CHECK (state <> 'undoing' OR ends_as IS NOT NULL)
);
CREATE INDEX operation_by_id ON operation (id);
CREATE INDEX operation_to_do ON operation (run_after, id) WHERE state IN ('queued', 'running', 'undoing');
CREATE INDEX operation_by_state ON operation (state, id);
CREATE INDEX operation_by_parent ON operation (parent_id, id) WHERE parent_id IS NOT NULL;
-- One operation at a time works on a tenant.
CREATE UNIQUE INDEX operation_holds_tenant ON operation (tenant_id)
  WHERE state IN ('running', 'undoing') AND tenant_id <> '00000000-0000-0000-0000-000000000000';
CREATE TABLE steward.operation_step (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  seq          smallint NOT NULL CHECK (seq > 0),
  name         text NOT NULL CHECK (name ~ '^[a-z_]{2,40}$'),
  label        text NOT NULL,
  state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'failed', 'undone', 'undo_failed')),
  attempt      integer NOT NULL DEFAULT 0,
  fence        bigint NOT NULL DEFAULT 0,
  started_at   timestamptz,
  finished_at  timestamptz,
  output       jsonb,
  error        text,
  PRIMARY KEY (tenant_id, operation_id, seq),
  FOREIGN KEY (tenant_id, operation_id) REFERENCES operation (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE steward.operation_log (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  n            bigint GENERATED ALWAYS AS IDENTITY,
  at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  seq          smallint NOT NULL DEFAULT 0,
  message      text NOT NULL,
  PRIMARY KEY (tenant_id, operation_id, n),
  FOREIGN KEY (tenant_id, operation_id) REFERENCES operation (tenant_id, id) ON DELETE CASCADE
);
-- Keys of callers: the same key within 24 hours is the same request; with another body it is refused.
CREATE TABLE steward.operation_key (
  caller       text NOT NULL,
  key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  body_hash    bytea NOT NULL CHECK (length(body_hash) = 32),
  operation_id uuid NOT NULL,
  made_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (caller, key)
);
CREATE INDEX operation_key_by_age ON operation_key (made_at);
-- Which kinds a second person approves (R10): never, always, or when the tenant gets a schema of its own.
CREATE TABLE steward.approval_rule (
  kind          text PRIMARY KEY,
  second_person text NOT NULL CHECK (second_person IN ('never', 'dedicated', 'always'))
);
INSERT INTO approval_rule VALUES ('provision', 'dedicated');
CALL isolate('operation', 'tenant_id');
CALL isolate('operation_step', 'tenant_id');
CALL isolate('operation_log', 'tenant_id');
GRANT SELECT, INSERT, UPDATE ON operation, operation_step TO steward_operator;
GRANT SELECT, INSERT ON operation_log TO steward_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON operation_key TO steward_operator;
GRANT SELECT, UPDATE ON approval_rule TO steward_operator;
GRANT SELECT ON operation, operation_step TO steward_tenant;
RESET ROLE;
