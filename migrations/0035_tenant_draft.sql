-- The answers of a wizard that makes a tenant, between its pages: one person's own, until it is sent or forgotten.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.tenant_draft (
  id           uuid PRIMARY KEY,
  owner_id     uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  -- model::operations::ProvisionRequest as far as it is answered.
  request      jsonb NOT NULL,
  -- How many pages are answered, in their order.
  reached      smallint NOT NULL CHECK (reached BETWEEN 0 AND 5),
  -- Counts every change; a page that was filled in on an older one is told so.
  version      bigint NOT NULL DEFAULT 1,
  -- What became of it; a second submission leads there.
  operation_id uuid,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL
);
CREATE INDEX tenant_draft_by_owner ON tenant_draft (owner_id, updated_at DESC);
CREATE INDEX tenant_draft_by_expiry ON tenant_draft (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_draft TO steward_operator;
RESET ROLE;
