-- The newest evidence of before, in a migration of its own: it reads every run there is, and must not hold meanwhile what
-- a live server writes.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_operator;
INSERT INTO isolation_newest (tenant_id, run_id, at, failed)
SELECT DISTINCT ON (tenant_id) tenant_id, id, at, failed FROM isolation_run ORDER BY tenant_id, at DESC
ON CONFLICT DO NOTHING;
RESET ROLE;
