//! The verified filter of a collection (R18): a vector goes in, is found again, is found by nobody else, and is removed.
//! All of it in the caller's transaction, in the roles of the tenants themselves: nothing stays, whatever happens.

use super::{Item, VectorKind, check, embed, open_in, search, store, unit};
use crate::ctx::{Reach, Tx};
use crate::error::{Error, Result};
use model::TenantId;
use serde_json::{Value, json};
use uuid::Uuid;

const TEXT: &str = "A vector that is put in, found again and removed to prove this collection";

/// Makes the collection where it is missing and proves it; answers the evidence. `id` is nobody's. Leaves the transaction
/// with the reach `Fleet`.
///
/// # Errors
/// `Conflict` that says what did not come out as it must.
pub(crate) async fn prove(tx: &mut Tx, tenant: TenantId, id: Uuid) -> Result<Value> {
    let vector = embed(TEXT).ok_or_else(|| Error::Internal("a text without words".into()))?;
    let item = Item {
        kind: VectorKind::Document,
        id,
        embedding: vector.clone(),
        label: "probe".into(),
        meta: json!({}),
    };
    check(&item)?;
    tx.switch(Reach::Fleet).await?;
    // Where it is the only one, the foreign tenant is an id that nobody has.
    let somebody = store::somebody_else(tx.conn(), tenant).await?;
    let other = somebody.unwrap_or(TenantId(Uuid::from_u128(1)));
    tx.switch(Reach::Tenant(tenant)).await?;
    let collection = open_in(tx.conn(), tenant).await?;
    store::put(tx.conn(), tenant, &item, &unit(&vector, collection.dimension)?).await?;
    let found = search(tx.conn(), tenant, &collection, &vector, 1).await?;
    refuse(found.hits.first().is_none_or(|hit| hit.id != id || hit.score < 0.999), "it is not found again")?;
    let foreign = search(tx.conn(), other, &collection, &vector, 1).await?;
    refuse(!foreign.hits.is_empty(), "it finds vectors of another tenant")?;

    tx.switch(Reach::Tenant(other)).await?;
    let theirs = search(tx.conn(), other, &collection, &vector, 1).await?;
    refuse(theirs.hits.iter().any(|hit| hit.id == id), "another tenant’s collection returns its vector")?;
    let asked = search(tx.conn(), tenant, &collection, &vector, 1).await?;
    refuse(!asked.hits.is_empty(), "another tenant finds its vectors")?;

    tx.switch(Reach::Tenant(tenant)).await?;
    refuse(!store::remove(tx.conn(), tenant, item.kind, id).await?, "its vector cannot be removed")?;
    let after = search(tx.conn(), tenant, &collection, &vector, 1).await?;
    refuse(after.hits.iter().any(|hit| hit.id == id), "its vector is found after it was removed")?;
    tx.switch(Reach::Fleet).await?;
    Ok(json!({
        "dimension": collection.dimension, "backend": collection.backend, "searched_by": collection.searched_by(),
        "found": true, "foreign": 0, "tried_as": somebody, "removed": true,
    }))
}

fn refuse(wrong: bool, what: &str) -> Result<()> {
    if wrong { Err(Error::Conflict(format!("Its vector collection is not proven: {what}."))) } else { Ok(()) }
}
