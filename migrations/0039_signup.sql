-- Who has asked for a tenant on a sign-up page. Until the address is confirmed a row is a claim of anybody and is removed
-- when its time is over; then it leads to the operation that makes the tenant. It names the operation, not the tenant: it
-- belongs to the platform, and no tenant may see it.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.signup (
  id           uuid PRIMARY KEY,
  page_id      uuid NOT NULL REFERENCES signup_page (id),
  organisation text NOT NULL CHECK (length(organisation) BETWEEN 1 AND 200),
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  email        text NOT NULL CHECK (email = lower(email)),
  -- What was agreed to.
  terms_url    text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  -- Of the links in its mails.
  expires_at   timestamptz NOT NULL,
  confirmed_at timestamptz,
  operation_id uuid,
  -- When the person was told that nothing came of it.
  told_at      timestamptz,
  CONSTRAINT signup_confirmed_has_an_operation CHECK ((confirmed_at IS NULL) = (operation_id IS NULL))
);
CREATE INDEX signup_by_page ON signup (page_id, id DESC);
CREATE INDEX signup_by_email ON signup (email) WHERE confirmed_at IS NULL;
CREATE INDEX signup_by_expiry ON signup (expires_at) WHERE confirmed_at IS NULL;
CREATE INDEX signup_by_confirmation ON signup (page_id, confirmed_at) WHERE confirmed_at IS NOT NULL;
CREATE INDEX signup_untold ON signup (confirmed_at) WHERE confirmed_at IS NOT NULL AND told_at IS NULL;
-- Each mail has a link of its own; the token stands in the mail only.
CREATE TABLE steward.signup_link (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  signup_id  uuid NOT NULL REFERENCES signup (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX signup_link_by_signup ON signup_link (signup_id);
GRANT SELECT, INSERT ON signup, signup_link TO steward_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON signup TO steward_operator;
GRANT SELECT, DELETE ON signup_link TO steward_operator;
RESET ROLE;
