-- People who sign in, their sessions, and what slows a guesser down.
-- A person is a platform user (platform_role) or a member of tenants, or both.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.user_account (
  id            uuid PRIMARY KEY,
  email         text NOT NULL CONSTRAINT user_account_email_is_lower CHECK (email = lower(email) AND email LIKE '%_@_%'),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  password_hash text,
  platform_role text CHECK (platform_role IN ('owner', 'operator', 'success', 'auditor')),
  disabled_at   timestamptz,
  last_seen_at  timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_account_email_key UNIQUE (email)
);
-- The browser holds 256 random bits; here is only their SHA-256. A row is live while it is not revoked and both ends
-- lie ahead: `idle_until` moves with use, `ends_at` never.
CREATE TABLE steward.session (
  id_hash     bytea PRIMARY KEY CHECK (length(id_hash) = 32),
  user_id     uuid NOT NULL REFERENCES user_account (id),
  created_at  timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  idle_until  timestamptz NOT NULL,
  ends_at     timestamptz NOT NULL,
  revoked_at  timestamptz
);
CREATE INDEX session_by_user ON session (user_id) WHERE revoked_at IS NULL;
CREATE INDEX session_by_end ON session (ends_at);
-- One row per account ("user:<sha256 of e-mail>") or address ("addr:<ip>").
CREATE TABLE steward.sign_in_throttle (
  key         text PRIMARY KEY,
  failures    integer NOT NULL,
  first_at    timestamptz NOT NULL,
  locked_until timestamptz NOT NULL
);
-- One-time links: the bootstrap of the first owner, later invitations. Only the hash of the token is kept.
CREATE TABLE steward.one_time_link (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  purpose    text NOT NULL CHECK (purpose IN ('bootstrap')),
  created_at timestamptz NOT NULL DEFAULT now(),
  ends_at    timestamptz NOT NULL,
  used_at    timestamptz
);
GRANT SELECT, INSERT, UPDATE ON user_account TO steward_system, steward_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON session, sign_in_throttle, one_time_link TO steward_system;
GRANT SELECT, UPDATE ON session TO steward_operator;
RESET ROLE;
