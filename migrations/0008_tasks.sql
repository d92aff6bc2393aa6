-- AI tasks (R34–R39): global, with immutable versions; per tenant an activation (default: none, so disabled)
-- and an override of prompt and filters, each independently set or inherited (NULL).
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.task (
  id        uuid PRIMARY KEY,
  key       text NOT NULL UNIQUE CHECK (key ~ '^[a-z][a-z0-9_]{1,40}$'),
  name      text NOT NULL,
  purpose   text NOT NULL,
  grp       text NOT NULL CHECK (grp IN ('cx', 'understanding', 'sales', 'operational')),
  position  smallint NOT NULL,
  published integer NOT NULL
);
CREATE TABLE steward.task_version (
  task_id      uuid NOT NULL REFERENCES task (id),
  version      integer NOT NULL CHECK (version > 0),
  prompt       text NOT NULL CHECK (length(prompt) BETWEEN 1 AND 20000),
  -- model::tasks::Filters: {"channels": [...], "min_turns": n, "languages": [...]}
  filters      jsonb NOT NULL,
  -- model::tasks::Output list: attribute, the field it is written to, and its kind.
  outputs      jsonb NOT NULL,
  engine       text NOT NULL CHECK (engine IN ('builtin', 'openai')),
  notes        text NOT NULL DEFAULT '',
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (task_id, version)
);
ALTER TABLE task ADD CONSTRAINT task_published_version FOREIGN KEY (id, published) REFERENCES task_version (task_id, version) DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE steward.activation (
  tenant_id  uuid NOT NULL REFERENCES tenant (id),
  task_id    uuid NOT NULL REFERENCES task (id),
  enabled    boolean NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, task_id)
);
CREATE TABLE steward.task_override (
  tenant_id    uuid NOT NULL REFERENCES tenant (id),
  task_id      uuid NOT NULL REFERENCES task (id),
  prompt       text CHECK (length(prompt) BETWEEN 1 AND 20000),
  filters      jsonb,
  base_version integer NOT NULL,
  reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  author       text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  version      bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, task_id),
  FOREIGN KEY (task_id, base_version) REFERENCES task_version (task_id, version),
  CONSTRAINT task_override_overrides_something CHECK (prompt IS NOT NULL OR filters IS NOT NULL)
);
CALL isolate('activation', 'tenant_id');
CALL isolate('task_override', 'tenant_id');
GRANT SELECT ON task, task_version TO steward_operator, steward_tenant;
GRANT INSERT, UPDATE ON task TO steward_operator;
-- A version is published once and never changed, by nobody.
GRANT INSERT ON task_version TO steward_operator;
GRANT SELECT, INSERT, UPDATE ON activation TO steward_operator, steward_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON task_override TO steward_operator, steward_tenant;
RESET ROLE;
