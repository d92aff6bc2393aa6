-- no-transaction
-- Which alerts were told within the last hour. Built beside the running server, which goes on writing notices.
CREATE INDEX CONCURRENTLY IF NOT EXISTS notification_monitors ON steward.notification (event, at)
  WHERE event IN ('monitor.raised', 'monitor.cleared');
