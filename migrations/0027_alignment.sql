-- Alignment (R31): accepted differences between a tenant and its template, and the roll-up that the fleet's list reads.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.alignment_acceptance (
  tenant_id   uuid NOT NULL REFERENCES tenant (id),
  -- model::templates::Item::id, like setting:ai.model.
  item        text NOT NULL CHECK (length(item) BETWEEN 3 AND 100),
  -- Exactly the difference that was accepted.
  expected    text NOT NULL,
  actual      text NOT NULL,
  reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  accepted_by text NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT now(),
  -- None: until it is taken back.
  until       timestamptz,
  PRIMARY KEY (tenant_id, item)
);
CREATE TABLE steward.alignment (
  tenant_id   uuid PRIMARY KEY REFERENCES tenant (id),
  template_id uuid NOT NULL REFERENCES template (id),
  version     integer NOT NULL,
  expected    integer NOT NULL,
  aligned     integer NOT NULL,
  accepted    integer NOT NULL,
  -- Differences that nobody stands for.
  open        integer NOT NULL,
  next_expiry timestamptz,
  checked_at  timestamptz NOT NULL DEFAULT now()
);
-- The list shows the worst first; the sweep takes what was not looked at for longest.
CREATE INDEX alignment_by_open ON alignment (open DESC, tenant_id);
CREATE INDEX alignment_by_template ON alignment (template_id, open DESC, tenant_id);
CREATE INDEX alignment_to_sweep ON alignment (checked_at);
CALL isolate('alignment_acceptance', 'tenant_id');
CALL isolate('alignment', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON alignment_acceptance TO steward_operator, steward_tenant;
GRANT SELECT, INSERT, UPDATE ON alignment TO steward_operator, steward_tenant;
RESET ROLE;
