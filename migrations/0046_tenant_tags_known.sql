-- The tags of the tenants that are there already. In a migration of its own: reading them all takes a moment, and holds
-- nothing that a live server waits for.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_operator;
INSERT INTO tag SELECT DISTINCT unnest(tags) AS tag FROM tenant ORDER BY tag ON CONFLICT DO NOTHING;
RESET ROLE;
