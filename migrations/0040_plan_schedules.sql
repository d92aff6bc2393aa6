-- no-transaction
-- Plan changes that wait for their day, the next one first. Built beside the running server.
CREATE INDEX CONCURRENTLY IF NOT EXISTS operation_plan_schedule ON steward.operation (run_after, id)
  WHERE kind = 'change_plan' AND state IN ('requested', 'queued');
