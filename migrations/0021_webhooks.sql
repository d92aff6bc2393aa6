-- Where programs want to be told (R140): an address, what it hears of, and the secret that signs what it gets.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.webhook (
  -- The nil id is the platform, whose endpoints hear of every tenant.
  tenant_id   uuid NOT NULL,
  id          uuid NOT NULL,
  url         text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- Empty: every event, later ones too.
  events      text[] NOT NULL,
  -- Sealed by the server's key; the database alone cannot read them. The one before stays good until previous_until.
  secret          bytea NOT NULL,
  previous_secret bytea,
  previous_until  timestamptz,
  off_at      timestamptz,
  off_reason  text CHECK (off_reason IN ('person', 'failing', 'gone')),
  -- Since when every attempt has failed.
  failing_since   timestamptz,
  last_success_at timestamptz,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  removed_at  timestamptz,
  version     bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT webhook_off_is_said CHECK ((off_at IS NULL) = (off_reason IS NULL)),
  CONSTRAINT webhook_previous_ends CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
CREATE UNIQUE INDEX webhook_name_key ON webhook (tenant_id, lower(name)) WHERE removed_at IS NULL;
CALL isolate('webhook', 'tenant_id');
GRANT SELECT, INSERT, UPDATE ON webhook TO steward_operator, steward_tenant;
RESET ROLE;
