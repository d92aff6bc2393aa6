-- What must not wait goes before what may (R78): a suspension of priority P0 is taken before whatever is due already. A
-- column with a constant default: nothing is rewritten, and a version that does not know it writes 0, which is what may wait.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
SET LOCAL lock_timeout = '5s';
ALTER TABLE operation ADD COLUMN priority smallint NOT NULL DEFAULT 0;
RESET ROLE;
