-- Work on many tenants at once (R141): a set is frozen when it is previewed, with who is left out and why; confirmed, one
-- operation of the platform walks it, and every tenant has an operation of its own, which is where its outcome stands.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.bulk (
  id           uuid PRIMARY KEY,
  -- Until it is confirmed it is this person's alone.
  owner_id     uuid NOT NULL,
  owner_name   text NOT NULL,
  -- model::bulk::Work.
  work         jsonb NOT NULL,
  whom         text NOT NULL CHECK (whom IN ('ticked', 'matching')),
  -- The query of the list that it was chosen in, and when that was shown.
  list         text NOT NULL CHECK (length(list) <= 4000),
  shown_at     timestamptz NOT NULL,
  missing      integer NOT NULL,
  total        integer NOT NULL CHECK (total BETWEEN 0 AND 10000),
  eligible     integer NOT NULL CHECK (eligible BETWEEN 0 AND total),
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  -- What became of it; a second confirmation leads there.
  operation_id uuid
);
CREATE UNIQUE INDEX bulk_by_operation ON bulk (operation_id) WHERE operation_id IS NOT NULL;
CREATE INDEX bulk_by_expiry ON bulk (expires_at) WHERE operation_id IS NULL;
-- No foreign key to `tenant`: like the ledger it is the record of what was asked, also of a tenant that is gone.
CREATE TABLE steward.bulk_item (
  tenant_id    uuid NOT NULL,
  bulk_id      uuid NOT NULL REFERENCES bulk (id) ON DELETE CASCADE,
  -- Its place in the set: what pages and batches go by.
  seq          integer NOT NULL CHECK (seq > 0),
  -- The version of the tenant that was previewed; a tenant that has another one when its turn comes is left out.
  version      bigint NOT NULL,
  -- begun: how it fares is its operation's to say.
  state        text NOT NULL CHECK (state IN ('waiting', 'begun', 'skipped', 'cancelled')),
  why          text CHECK (why IN ('status', 'same', 'busy', 'limits', 'payment', 'changed')),
  note         text,
  operation_id uuid,
  PRIMARY KEY (tenant_id, bulk_id),
  CONSTRAINT bulk_item_skip_is_said CHECK (state <> 'skipped' OR (why IS NOT NULL AND note IS NOT NULL)),
  CONSTRAINT bulk_item_begun_is_named CHECK (state <> 'begun' OR operation_id IS NOT NULL)
);
CREATE INDEX bulk_item_by_place ON bulk_item (bulk_id, seq);
CREATE INDEX bulk_item_to_do ON bulk_item (bulk_id, seq) WHERE state = 'waiting';
CALL isolate('bulk_item', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk, bulk_item TO steward_operator;
RESET ROLE;
