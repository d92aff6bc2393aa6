-- Staged roll-outs of a version to tenants (R32): the set is frozen when it begins, wave by wave, each tenant an operation
-- of the ledger, which is where its outcome stands. And what an application replaced, so that it can be taken back.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE template_application ADD COLUMN previous_template_id uuid, ADD COLUMN previous_version integer, ADD COLUMN operation_id uuid;
CREATE UNIQUE INDEX template_application_by_operation ON template_application (tenant_id, operation_id) WHERE operation_id IS NOT NULL;
-- Taking an application back takes what it added.
GRANT DELETE ON tenant_template, template_application, tenant_field, activation, alignment TO steward_operator;

CREATE TABLE steward.rollout (
  id          uuid PRIMARY KEY,
  template_id uuid NOT NULL,
  version     integer NOT NULL,
  state       text NOT NULL CHECK (state IN ('running', 'paused', 'done', 'cancelled')),
  -- The wave that was let go; those above wait.
  wave        smallint NOT NULL CHECK (wave BETWEEN 1 AND 3),
  waves       smallint NOT NULL CHECK (waves BETWEEN 1 AND 3),
  wave_since  timestamptz NOT NULL DEFAULT now(),
  -- Hours after which the next wave begins by itself if nothing failed; none: a person begins it.
  graduate_hours integer CHECK (graduate_hours BETWEEN 1 AND 720),
  reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  FOREIGN KEY (template_id, version) REFERENCES template_version (template_id, version)
);
CREATE INDEX rollout_by_template ON rollout (template_id, created_at DESC);
-- One at a time per template: two would pull tenants to and fro.
CREATE UNIQUE INDEX rollout_one_open ON rollout (template_id) WHERE state IN ('running', 'paused');
CREATE TABLE steward.rollout_tenant (
  tenant_id    uuid NOT NULL REFERENCES tenant (id),
  rollout_id   uuid NOT NULL REFERENCES rollout (id),
  wave         smallint NOT NULL,
  -- None: it waits for its wave.
  operation_id uuid,
  PRIMARY KEY (tenant_id, rollout_id)
);
CREATE INDEX rollout_tenant_by_wave ON rollout_tenant (rollout_id, wave, tenant_id);
CREATE INDEX rollout_tenant_to_start ON rollout_tenant (rollout_id, wave) WHERE operation_id IS NULL;
CALL isolate('rollout_tenant', 'tenant_id');
GRANT SELECT, INSERT, UPDATE ON rollout, rollout_tenant TO steward_operator;
RESET ROLE;
