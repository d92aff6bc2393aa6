//! For work on many tenants at once: whom a list means, and what the single moves would ask the ledger for.

use super::lifecycle::changed_since;
use super::list::part;
use super::moves::{Changing, Reinstating, Suspending};
use super::store::lifecycle::Row;
use super::store::many as store;
use crate::error::Result;
use model::TenantId;
use model::directory::{Query, Sort, SortKey};
use model::tenants::{PlanId, Suspension, SuspensionReason};
use serde_json::Value;
use sqlx::PgConnection;

/// Tenants that are read at a time.
const PART: i64 = 2_500;

/// A move of many.
#[derive(Clone, Debug)]
pub(crate) enum Move<'a> {
    Suspend(SuspensionReason, Suspension, Option<&'a str>, &'a str),
    /// With the proof that the cause is gone.
    Reinstate(&'a str),
    ChangePlan(PlanId, &'a str),
    /// Something that asks for nothing of the tenant itself.
    Other(Value),
}

/// What is asked for on one tenant.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub name: String,
    pub payload: Value,
}

/// The tenants of these slugs that there are, in the order of their names.
pub(crate) async fn ids_of_slugs(connection: &mut PgConnection, slugs: &[String]) -> Result<Vec<TenantId>> {
    store::of_slugs(connection, slugs).await
}

/// Everybody whom the query of a list means, whatever page it is at, in the order of their names; at most `limit`.
pub(crate) async fn ids_matching(
    connection: &mut PgConnection,
    list: &str,
    limit: i64,
) -> Result<Vec<TenantId>> {
    let (query, _) = Query::parse(&model::url::decode(list));
    let sort = Sort::ascending(SortKey::Name);
    let (mut ids, mut from) = (Vec::new(), None);
    loop {
        let room = limit - i64::try_from(ids.len()).unwrap_or(limit);
        let wanted = PART.min(room);
        if wanted <= 0 {
            return Ok(ids);
        }
        let rows = part(&mut *connection, &query.filter, sort, from.as_ref(), wanted).await?;
        let more = rows.len() as i64 == wanted;
        from = rows.last().map(|row| (row.key(sort.key), row.id));
        ids.extend(rows.into_iter().map(|row| TenantId(row.id)));
        if !more {
            return Ok(ids);
        }
    }
}

/// What a move asks for on each of these tenants, decided on the version that was previewed; or why it is not asked for:
/// it changed since. Whether its status allows it is decided by the operation, under its lock.
pub(crate) async fn prepare(
    connection: &mut PgConnection,
    tenants: &[(TenantId, i64)],
    what: Move<'_>,
) -> Result<Vec<(TenantId, Result<Prepared, String>)>> {
    let ids: Vec<TenantId> = tenants.iter().map(|(tenant, _)| *tenant).collect();
    let mut rows = store::get(&mut *connection, &ids).await?;
    let mut out = Vec::with_capacity(tenants.len());
    for (tenant, version) in tenants {
        let one = match rows.remove(tenant) {
            None => Err("It is not there any more.".to_owned()),
            Some(row) if row.version != *version => {
                let what = changed_since(&mut *connection, *tenant, *version).await?;
                Err(format!("{what}, after the preview. Nothing was done."))
            }
            Some(row) => Ok(Prepared { payload: payload(&row, &what)?, name: row.name }),
        };
        out.push((*tenant, one));
    }
    Ok(out)
}

fn payload(row: &Row, what: &Move<'_>) -> Result<Value> {
    let version = row.version;
    Ok(match what {
        Move::Suspend(code, scope, message, note) => {
            let asked = Suspending::new(Some(version), *code, (*note).to_owned(), *scope);
            serde_json::to_value(Suspending { message: message.map(str::to_owned), ..asked })?
        }
        Move::Reinstate(proof) => serde_json::to_value(Reinstating::of(row, (*proof).to_owned()))?,
        Move::ChangePlan(to, note) => serde_json::to_value(Changing {
            version: Some(version),
            from: row.plan,
            to: *to,
            note: Some((*note).to_owned()),
            scheduled: None,
            by_tenant: false,
        })?,
        Move::Other(payload) => payload.clone(),
    })
}
