-- Checklists (R97): a definition is data, versioned and pinned per run; an item is proven by a probe, by a person
-- with evidence, or waived with a reason that stays visible.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.checklist (
  key     text NOT NULL CHECK (key IN ('onboarding', 'offboarding')),
  version integer NOT NULL,
  title   text NOT NULL,
  -- model::checklists::Step list.
  steps   jsonb NOT NULL,
  PRIMARY KEY (key, version)
);
CREATE TABLE steward.checklist_run (
  tenant_id   uuid NOT NULL REFERENCES tenant (id),
  id          uuid NOT NULL,
  key         text NOT NULL,
  version     integer NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (key, version) REFERENCES checklist (key, version)
);
-- One open run of a kind at a time.
CREATE UNIQUE INDEX checklist_run_open ON checklist_run (tenant_id, key) WHERE ended_at IS NULL;
CREATE TABLE steward.checklist_item (
  tenant_id  uuid NOT NULL,
  run_id     uuid NOT NULL,
  step       text NOT NULL,
  state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'passed', 'failed', 'waived')),
  -- Who says so: a probe or a person.
  proved_by  text CHECK (proved_by IN ('probe', 'person')),
  by_name    text,
  note       text,
  evidence   jsonb,
  checked_at timestamptz,
  PRIMARY KEY (tenant_id, run_id, step),
  FOREIGN KEY (tenant_id, run_id) REFERENCES checklist_run (tenant_id, id)
);
CALL isolate('checklist_run', 'tenant_id');
CALL isolate('checklist_item', 'tenant_id');
GRANT SELECT ON checklist TO steward_operator, steward_tenant;
GRANT SELECT, INSERT, UPDATE ON checklist_run, checklist_item TO steward_operator, steward_tenant;
RESET ROLE;
