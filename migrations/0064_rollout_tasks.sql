-- Roll-outs (R32): one more thing that pauses them, the success of tasks, and whose waves they are where they begin by
-- themselves. A version that does not know these columns leaves them without a value, which says what held before: task
-- success is not looked at, and what begins by itself is asked for by nobody.
SET LOCAL lock_timeout = '5s';
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE rollout
  ADD COLUMN max_task_drop smallint CHECK (max_task_drop BETWEEN 0 AND 100),
  -- Whoever began it, as in `operation.requested_by`: they are no second person for what it asks for.
  ADD COLUMN asked_by jsonb;
RESET ROLE;
