-- no-transaction
-- Whose trial ends when; built beside the running server, which goes on writing.
CREATE INDEX CONCURRENTLY IF NOT EXISTS tenant_by_trial_end ON steward.tenant (trial_ends_at) WHERE status = 'trial';
