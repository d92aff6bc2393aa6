//! Keys of callers: what is sent again within 24 hours is the same request, and answered with the same operation.
//!
//! Invariants: a key is taken by the transaction that writes the operation, so that of many at once one is made and what
//! is refused takes none; keys of different callers never meet.

use super::store::{self, Keyed};
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use model::OperationId;
use model::operations::Requested;
use model::permission::Actor;
use model::validate;

/// Takes a caller's key for a request. `Some`: the same request was made within 24 hours, and this is its operation.
///
/// # Errors
/// `Conflict` where the key was used with another body.
pub(crate) async fn repeated(
    tx: &mut Tx,
    cx: &Ctx,
    key: &str,
    body: &[u8],
    id: OperationId,
) -> Result<Option<OperationId>> {
    let key = validate::line(key, "An idempotency key", 200).map_err(|e| Error::field("key", e))?;
    let caller = match cx.actor() {
        Actor::User { id, .. } => format!("user:{id}"),
        Actor::ApiKey { id, .. } => format!("key:{id}"),
        Actor::PlatformKey { id, .. } => format!("platform_key:{id}"),
        other => format!("system:{}", other.name()),
    };
    match store::take_key(tx.conn(), &caller, &key, body, id).await? {
        Keyed::Mine => Ok(None),
        Keyed::Same(operation) => Ok(Some(operation)),
        Keyed::Other => Err(Error::Conflict(
            "This idempotency key was used for another request within the last 24 hours. Use a new key."
                .into(),
        )),
    }
}

/// What this very call has asked for before, as it stands now; nothing where it comes without a key, or with a new one.
///
/// # Errors
/// As [`repeated`].
pub(crate) async fn asked_before(cx: &Ctx) -> Result<Option<Requested>> {
    let Some((key, body)) = cx.once() else { return Ok(None) };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let found = repeated(&mut tx, cx, key, body, OperationId(cx.new_id())).await?;
    // Only looked at: whatever writes the operation takes the key.
    drop(tx);
    match found {
        Some(id) => receipt(cx, id).await.map(Some),
        None => Ok(None),
    }
}

/// Takes the key of this call for the operation that is about to be written, if it has one. `Some`: somebody was quicker
/// with the same, and the transaction is to be dropped.
pub(crate) async fn take(tx: &mut Tx, cx: &Ctx, id: OperationId) -> Result<Option<OperationId>> {
    match cx.once() {
        Some((key, body)) => repeated(tx, cx, key, body, id).await,
        None => Ok(None),
    }
}

/// The receipt of what was asked for before.
pub(crate) async fn receipt(cx: &Ctx, id: OperationId) -> Result<Requested> {
    let row = super::get(cx, id).await?.row;
    Ok(Requested { id, tenant: row.tenant, state: row.state, repeated: true })
}
