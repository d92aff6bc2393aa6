-- What only the database's administrator may read: no serving role has a right on it. The login of the running server
-- finds its password here, so that every process agrees on it, however each of them spells the database's address.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.secret (
  name       text PRIMARY KEY,
  value      text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
RESET ROLE;
