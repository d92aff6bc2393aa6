-- no-transaction
-- The tenants with schemas of their own: the pipeline visits each. Built beside the running server.
CREATE INDEX CONCURRENTLY IF NOT EXISTS tenant_dedicated ON steward.tenant (id) WHERE placement = 'dedicated';
