-- Usage (R82): counted per hour in the same transaction as its cause, rolled up to days by a job that
-- recomputes the days it finds touched, so that a crash or a replay changes nothing.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.meter (
  id       text PRIMARY KEY,
  name     text NOT NULL,
  unit     text NOT NULL,
  position smallint NOT NULL
);
INSERT INTO meter VALUES
  ('conversations', 'Conversations', 'conversations', 1),
  ('api_calls', 'API calls', 'calls', 2),
  ('task_runs', 'Task runs', 'runs', 3),
  ('storage_bytes', 'Storage', 'bytes', 4);
CREATE TABLE steward.usage_hour (
  tenant_id uuid NOT NULL,
  meter     text NOT NULL REFERENCES meter (id),
  hour      timestamptz NOT NULL,
  quantity  bigint NOT NULL,
  -- The transaction that wrote the row last. A clock cannot say what a roll-up has already seen, because
  -- transactions do not commit in the order of their times; the snapshot of the roll-up can.
  touched   xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, meter, hour)
);
CREATE INDEX usage_hour_touched ON usage_hour (touched);
-- For `storage_bytes` the quantity is what the tenant gained that day; the total is the sum to date.
CREATE TABLE steward.usage_day (
  tenant_id uuid NOT NULL,
  meter     text NOT NULL REFERENCES meter (id),
  day       date NOT NULL,
  quantity  bigint NOT NULL,
  PRIMARY KEY (tenant_id, meter, day)
);
CREATE INDEX usage_day_fleet ON usage_day (day, meter) INCLUDE (quantity);
CREATE TABLE steward.rollup (
  name text PRIMARY KEY,
  -- Every transaction before this one was finished, and its hours rolled up.
  done_to xid8 NOT NULL,
  ran_at  timestamptz
);
INSERT INTO rollup VALUES ('usage_day', '0', NULL);
CALL isolate('usage_hour', 'tenant_id');
CALL isolate('usage_day', 'tenant_id');
GRANT SELECT ON meter TO steward_operator, steward_tenant;
GRANT SELECT, INSERT, UPDATE ON usage_hour, usage_day TO steward_operator, steward_tenant;
GRANT DELETE ON usage_hour, usage_day TO steward_operator;
GRANT SELECT, UPDATE ON rollup TO steward_operator;
RESET ROLE;
