-- The collections of the tenants that are there already, of the dimension of the embedder on the box. In a migration of
-- its own: reading them all takes a moment, and holds nothing that a live server waits for. What an old server makes in
-- the meantime gets its collection with its first vector.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_operator;
INSERT INTO vector_collection (tenant_id, dimension, backend)
SELECT t.id, 256, CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN 'pgvector' ELSE 'exact' END
FROM tenant t WHERE t.status NOT IN ('provisioning', 'failed', 'purging', 'deleted')
ON CONFLICT DO NOTHING;
RESET ROLE;
