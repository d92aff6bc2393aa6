//! The tenant's own vector collection (R18), and the proof that nobody else searches it.

/// One transaction: a worker that dies leaves no collection and no vector.
pub(super) mod collection {
    use super::super::store;
    use crate::ctx::Reach;
    use crate::error::Result;
    use crate::operations::step::At;
    use crate::vectors;
    use serde_json::{Value, json};

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        // Nobody's document has the operation's id.
        let (tenant, probe) = (at.tenant(), at.op.id.0);
        let proof = vectors::prove(at.tx()?, tenant, probe).await?;
        at.log("A vector went in, was found again by this tenant alone, and is removed.");
        Ok(proof)
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let there = vectors::collection_in(at.conn()?, tenant).await?;
        Ok(there.map(|c| json!({ "dimension": c.dimension, "backend": c.backend })))
    }

    /// What is in a schema of its own goes with the schema.
    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        store::wipe(at.reach(Reach::Provision).await?, tenant, &["vector_item", "vector_collection"]).await
    }
}
