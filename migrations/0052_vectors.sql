-- Vector collections (R18): one for each tenant, and the vectors in it, in the tenant's place. The tables of `pooled` are
-- what `prov.create_namespace` makes in the schema of a dedicated tenant, and what the start brings the schemas up to that
-- are there already: those functions need no change.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.vector_collection (
  tenant_id  uuid PRIMARY KEY REFERENCES tenant (id),
  -- Numbers of each vector in it.
  dimension  integer NOT NULL CONSTRAINT vector_collection_dimension CHECK (dimension BETWEEN 1 AND 4096),
  -- What searches it; without the extension it is always the exact one.
  backend    text NOT NULL CHECK (backend IN ('pgvector', 'exact')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CALL isolate('vector_collection', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON vector_collection TO steward_operator;
-- A tenant's collection is made with its first vector where nothing has made it before.
GRANT SELECT, INSERT ON vector_collection TO steward_tenant;

-- Arrays, so that nothing depends on the extension. No reference to the collection: a schema of its own would hold one to
-- a shared table, and dropping the schema would stop everybody there for a moment.
CREATE TABLE pooled.vector_item (
  tenant_id       uuid NOT NULL,
  id              uuid NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('conversation', 'document')),
  -- Of unit length, so that a dot product is the cosine.
  embedding       real[] NOT NULL,
  label           text NOT NULL CHECK (length(label) <= 200),
  meta            jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(meta) = 'object'),
  at              timestamptz NOT NULL DEFAULT now(),
  conversation_id uuid GENERATED ALWAYS AS (CASE kind WHEN 'conversation' THEN id END) STORED,
  -- By id first: ids are made in the order of time, and the newest are searched where not all can be.
  PRIMARY KEY (tenant_id, id, kind),
  -- With a conversation goes what was computed from it.
  CONSTRAINT vector_item_conversation FOREIGN KEY (tenant_id, conversation_id)
    REFERENCES pooled.conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX vector_item_by_conversation ON pooled.vector_item (tenant_id, conversation_id) WHERE conversation_id IS NOT NULL;
CALL isolate('pooled.vector_item', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON pooled.vector_item TO steward_operator, steward_tenant;
RESET ROLE;
