-- What the people of a suspended tenant are told, beside the note that only the platform's people see.
-- A column without a default: nothing is rewritten, and a version that does not know it goes on as before.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
SET LOCAL lock_timeout = '5s';
ALTER TABLE tenant ADD COLUMN status_message text;
RESET ROLE;
