-- The tenant (R1, R2): identity, status, plan, placement, and what the directory sorts and filters by.
-- The stage a person sees is derived by steward.stage() from status and milestones; nobody can set it.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE FUNCTION steward.stage(status text, configured_at timestamptz, validated_at timestamptz, live_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN status IN ('provisioning', 'failed') THEN 'provision'
    WHEN status IN ('offboarding', 'offboarded', 'purging', 'deleted') THEN 'offboard'
    WHEN configured_at IS NULL THEN 'configure'
    WHEN validated_at IS NULL THEN 'validate'
    WHEN live_at IS NULL THEN 'go_live'
    ELSE 'operate' END $$;
CREATE TABLE steward.tenant (
  id            uuid PRIMARY KEY,
  slug          text NOT NULL CONSTRAINT tenant_slug_shape CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name          text NOT NULL CONSTRAINT tenant_name_length CHECK (length(name) BETWEEN 1 AND 200),
  domain        text CONSTRAINT tenant_domain_shape CHECK (domain = lower(domain) AND length(domain) <= 253),
  external_id   text,
  parent_id     uuid REFERENCES tenant (id),
  status        text NOT NULL CHECK (status IN ('provisioning', 'failed', 'trial', 'active', 'suspended', 'offboarding', 'offboarded', 'purging', 'deleted')),
  status_since  timestamptz NOT NULL DEFAULT now(),
  -- What suspension or offboarding interrupted, so that reinstating can go back to it.
  status_before text CHECK (status_before IN ('trial', 'active', 'suspended')),
  suspension    text CHECK (suspension IN ('read_only', 'blocked')),
  status_reason text,
  status_note   text,
  trial_ends_at timestamptz,
  grace_ends_at timestamptz,
  plan_id       text NOT NULL REFERENCES plan (id),
  region        text NOT NULL DEFAULT 'eu-1' CHECK (region ~ '^[a-z0-9-]{2,30}$'),
  country       text,
  industry      text,
  owner_id      uuid REFERENCES user_account (id),
  tags          text[] NOT NULL DEFAULT '{}',
  cell          text NOT NULL DEFAULT 'main',
  placement     text NOT NULL DEFAULT 'pooled' CHECK (placement IN ('pooled', 'dedicated')),
  legal_hold    boolean NOT NULL DEFAULT false,
  support_contact    text,
  escalation_contact text,
  -- Milestones of onboarding, set when the checklist's phases are complete.
  configured_at timestamptz,
  validated_at  timestamptz,
  live_at       timestamptz,
  -- The newest health snapshot, for sorting and filtering.
  health_score  smallint CHECK (health_score BETWEEN 0 AND 100),
  health_band   text NOT NULL DEFAULT 'no_data' CHECK (health_band IN ('healthy', 'watch', 'at_risk', 'critical', 'no_data')),
  health_at     timestamptz,
  -- Counts every change; a form that was filled in on an older one is told so.
  version       bigint NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  name_key      text COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED,
  search_text   text COLLATE "C" GENERATED ALWAYS AS (lower(name) || ' ' || slug || ' ' || coalesce(domain, '')) STORED,
  -- A column, not an expression, so that counting a stage reads its index alone.
  stage         text NOT NULL GENERATED ALWAYS AS (steward.stage(status, configured_at, validated_at, live_at)) STORED,
  CONSTRAINT tenant_slug_key UNIQUE (slug),
  CONSTRAINT tenant_domain_key UNIQUE (domain),
  CONSTRAINT tenant_external_id_key UNIQUE (external_id),
  CONSTRAINT tenant_suspension_is_said CHECK (status <> 'suspended' OR (suspension IS NOT NULL AND status_reason IS NOT NULL AND status_before IS NOT NULL)),
  CONSTRAINT tenant_grace_is_said CHECK (status <> 'offboarding' OR (grace_ends_at IS NOT NULL AND status_reason IS NOT NULL AND status_before IS NOT NULL))
);
-- Every sort of the directory is an index; every filter has one for when it is selective.
CREATE INDEX tenant_by_name ON tenant (name_key, id);
CREATE INDEX tenant_by_created ON tenant (created_at DESC, id DESC);
CREATE INDEX tenant_by_updated ON tenant (updated_at DESC, id DESC);
CREATE INDEX tenant_by_health ON tenant (coalesce(health_score, 101::smallint), id);
CREATE INDEX tenant_by_status ON tenant (status, name_key, id);
CREATE INDEX tenant_by_plan ON tenant (plan_id, name_key, id);
CREATE INDEX tenant_by_band ON tenant (health_band, name_key, id);
CREATE INDEX tenant_by_region ON tenant (region, name_key, id);
CREATE INDEX tenant_by_owner ON tenant (owner_id, name_key, id);
CREATE INDEX tenant_by_stage ON tenant (stage, name_key, id);
-- Counts any combination without touching a row; few distinct values make it small (10 MB at a million tenants).
CREATE INDEX tenant_by_facets ON tenant (status, plan_id, region, stage, health_band, owner_id);
CREATE INDEX tenant_by_parent ON tenant (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tenant_by_tag ON tenant USING gin (tags);
CREATE INDEX tenant_by_search ON tenant USING gin (search_text gin_trgm_ops);
CREATE INDEX tenant_by_slug_prefix ON tenant (slug text_pattern_ops);
CREATE INDEX tenant_by_domain_prefix ON tenant (domain text_pattern_ops);
CALL isolate('tenant', 'id');
CREATE POLICY system_rows ON tenant FOR SELECT TO steward_system USING (true);
GRANT SELECT, INSERT, UPDATE ON tenant TO steward_operator;
GRANT SELECT ON tenant TO steward_tenant, steward_system;

CREATE TABLE steward.member (
  tenant_id  uuid NOT NULL REFERENCES tenant (id),
  user_id    uuid NOT NULL REFERENCES user_account (id),
  role       text NOT NULL CHECK (role IN ('tenant_admin', 'tenant_member')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX member_by_user ON member (user_id);
CALL isolate('member', 'tenant_id');
CREATE POLICY system_rows ON member FOR SELECT TO steward_system USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON member TO steward_operator, steward_tenant;
GRANT SELECT ON member TO steward_system;

-- A CSV import between upload and confirmation: every row with what is wrong with it (R4).
CREATE TABLE steward.tenant_import (
  id         uuid PRIMARY KEY,
  file_name  text NOT NULL,
  -- None: the server itself.
  created_by uuid REFERENCES user_account (id),
  created_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz,
  created    integer,
  -- Columns of the file that mean nothing here.
  ignored    text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE steward.tenant_import_row (
  import_id uuid NOT NULL REFERENCES tenant_import (id) ON DELETE CASCADE,
  line      integer NOT NULL,
  slug      text NOT NULL,
  name      text NOT NULL,
  domain    text,
  external_id text,
  country   text,
  region    text NOT NULL,
  plan_id   text NOT NULL,
  tags      text[] NOT NULL,
  problems  text[] NOT NULL,
  PRIMARY KEY (import_id, line)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_import, tenant_import_row TO steward_operator;
RESET ROLE;
