-- The data plane of pooled tenants: conversations in, task runs, field values out.
-- A conversation is its own work item: `state` and `attempts` are the queue of the pipeline. The attempt is
-- counted when the work is claimed, so a conversation that kills its worker is parked all the same.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE pooled.conversation (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  external_id  text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 200),
  channel      text NOT NULL CHECK (channel IN ('voice', 'chat', 'email')),
  language     text,
  started_at   timestamptz NOT NULL,
  received_at  timestamptz NOT NULL DEFAULT now(),
  -- model::conversations::Turn list; compressed by TOAST.
  turns        jsonb NOT NULL,
  turn_count   integer NOT NULL,
  bytes        integer NOT NULL,
  state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'parked')),
  attempts     smallint NOT NULL DEFAULT 0,
  lease_until  timestamptz,
  processed_at timestamptz,
  error        text,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT conversation_external_id_key UNIQUE (tenant_id, external_id)
);
-- Ids are made in the order of arrival (UUID version 7), so the primary key lists by time and the queue needs no
-- date. By tenant first: the pipeline visits tenants in turn, so that none starves the others.
CREATE INDEX conversation_to_do ON pooled.conversation (tenant_id, id) WHERE state IN ('pending', 'running');
CREATE TABLE pooled.task_run (
  tenant_id       uuid NOT NULL,
  id              uuid NOT NULL,
  conversation_id uuid NOT NULL,
  task_id         uuid NOT NULL,
  task_version    integer NOT NULL,
  overridden      boolean NOT NULL,
  outcome         text NOT NULL CHECK (outcome IN ('succeeded', 'skipped', 'failed')),
  -- Why nothing was run: model::conversations::SkipReason.
  skip_reason     text,
  error           text,
  at              timestamptz NOT NULL DEFAULT now(),
  duration_us     bigint NOT NULL DEFAULT 0,
  input_tokens    integer NOT NULL DEFAULT 0,
  output_tokens   integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES pooled.conversation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT task_run_skip_is_said CHECK ((outcome = 'skipped') = (skip_reason IS NOT NULL))
);
CREATE INDEX task_run_by_conversation ON pooled.task_run (tenant_id, conversation_id);
CREATE INDEX task_run_by_task ON pooled.task_run (tenant_id, task_id, at DESC) INCLUDE (outcome);
CREATE TABLE pooled.field_value (
  tenant_id       uuid NOT NULL,
  conversation_id uuid NOT NULL,
  field_key       text NOT NULL,
  value           jsonb NOT NULL,
  explanation     text NOT NULL,
  confidence      real NOT NULL,
  run_id          uuid NOT NULL,
  at              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, conversation_id, field_key),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES pooled.conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX field_value_by_field ON pooled.field_value (tenant_id, field_key);
CALL isolate('pooled.conversation', 'tenant_id');
CALL isolate('pooled.task_run', 'tenant_id');
CALL isolate('pooled.field_value', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON pooled.conversation, pooled.task_run, pooled.field_value TO steward_operator, steward_tenant;
RESET ROLE;
