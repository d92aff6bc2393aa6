-- no-transaction
-- What is taken up next. Built beside the running server, which goes on with the index of before.
CREATE INDEX CONCURRENTLY IF NOT EXISTS operation_by_turn ON steward.operation (priority DESC, run_after, id)
  WHERE state IN ('queued', 'running', 'undoing');
