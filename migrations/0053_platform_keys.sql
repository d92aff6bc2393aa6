-- Keys of the operator's own programs (R139): like a person of their role, over the whole platform. Only SHA-256 of the
-- 256-bit secret is kept; the key is shown once. The calls of the running quarter of an hour are counted in the row itself.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.platform_key (
  id               uuid PRIMARY KEY,
  name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- No owner: a program never says who else may get in.
  role             text NOT NULL CHECK (role IN ('operator', 'success', 'auditor')),
  secret_hash      bytea NOT NULL CHECK (length(secret_hash) = 32),
  -- No reference: a key lives by itself, also when whoever made it is gone. Whoever made it is no second person for what
  -- it asks.
  created_by       text NOT NULL,
  created_by_id    uuid,
  created_at       timestamptz NOT NULL DEFAULT now(),
  expires_at       timestamptz NOT NULL,
  revoked_at       timestamptz,
  last_used_at     timestamptz,
  window_starts_at timestamptz NOT NULL DEFAULT 'epoch',
  window_used      integer NOT NULL DEFAULT 0
);
-- Two living keys of one name could not be told apart when one of them has to be revoked.
CREATE UNIQUE INDEX platform_key_name_key ON platform_key (lower(name)) WHERE revoked_at IS NULL;
-- No tenant reaches it: there is no policy for their role, and no grant either. Only the look-up before anyone is known
-- reads what the secret is compared with; nobody changes what a key may do.
ALTER TABLE platform_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform_key FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_rows ON platform_key TO steward_operator USING (true) WITH CHECK (true);
CREATE POLICY system_rows ON platform_key FOR SELECT TO steward_system USING (true);
GRANT SELECT (id, name, role, created_by, created_by_id, created_at, expires_at, revoked_at, last_used_at, window_starts_at, window_used)
  ON platform_key TO steward_operator;
GRANT INSERT (id, name, role, secret_hash, created_by, created_by_id, expires_at) ON platform_key TO steward_operator;
GRANT UPDATE (revoked_at, last_used_at, window_starts_at, window_used) ON platform_key TO steward_operator;
GRANT SELECT ON platform_key TO steward_system;

-- They act in the audit log under a kind of their own. What stands there already satisfied a narrower rule, so there is
-- nothing to check, and nobody waits while every entry is read.
SET LOCAL lock_timeout = '5s';
ALTER TABLE steward.audit_entry DROP CONSTRAINT audit_entry_actor_kind_check,
  ADD CONSTRAINT audit_entry_actor_kind_check
    CHECK (actor_kind IN ('user', 'api_key', 'platform_key', 'system', 'anonymous')) NOT VALID;
RESET ROLE;
