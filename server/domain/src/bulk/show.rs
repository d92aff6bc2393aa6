//! What people see of a set: before it is confirmed, and how each tenant fares after.

use super::freeze::owner;
use super::{run, store};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::OperationId;
use model::bulk::{Bulk, Outcome};
use model::permission::{Permission, Scope};
use sqlx::PgConnection;
use uuid::Uuid;

/// Rows of a page.
const ROWS: i64 = 50;

/// What an address says of the rows.
#[derive(Debug, Default)]
struct Place {
    only: Option<Outcome>,
    after: Option<i64>,
    before: Option<i64>,
    left_out: Vec<String>,
}

impl Place {
    /// Keys that are not the page's own are named; never fails.
    fn of(pairs: &[(String, String)]) -> Self {
        let mut place = Self::default();
        for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            let understood = match key.as_str() {
                "outcome" => value.parse().map(|only| place.only = Some(only)).is_ok(),
                "after" => value.parse().map(|at| place.after = Some(at)).is_ok(),
                "before" => value.parse().map(|at| place.before = Some(at)).is_ok(),
                _ => false,
            };
            if !understood {
                place.left_out.push(key.clone());
            }
        }
        place
    }
}

/// A previewed set, with the page of its tenants that the pairs of an address ask for. It is its owner's alone.
pub async fn show(cx: &Ctx, id: Uuid, pairs: &[(String, String)]) -> Result<Bulk> {
    let owner = owner(cx).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let bulk = store::get(read.conn(), id, Some(owner)).await?.ok_or(Error::NotFound)?;
    page(read.conn(), bulk, Place::of(pairs)).await
}

/// How the tenants of a bulk operation fare.
///
/// # Errors
/// `NotFound` where it is no such operation.
pub async fn outcome(cx: &Ctx, operation: OperationId, pairs: &[(String, String)]) -> Result<Bulk> {
    cx.require(Permission::OperationFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let id = run::of(read.conn(), operation).await?.ok_or(Error::NotFound)?;
    let bulk = store::get(read.conn(), id, None).await?.ok_or(Error::NotFound)?;
    page(read.conn(), bulk, Place::of(pairs)).await
}

async fn page(connection: &mut PgConnection, bulk: Bulk, place: Place) -> Result<Bulk> {
    let Place { only, after, before, left_out } = place;
    let counts = store::standing(&mut *connection, bulk.id).await?.counts;
    let skipped = store::skipped(&mut *connection, bulk.id).await?;
    let mut rows = store::rows(connection, bulk.id, only, after, before, ROWS + 1).await?;
    let more = rows.len() as i64 > ROWS;
    rows.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    if before.is_some() {
        rows.reverse();
    }
    let (first, last) = (rows.first().map(|row| row.seq), rows.last().map(|row| row.seq));
    let (previous, next) = match (before, after) {
        (Some(_), _) => (first.filter(|_| more), last),
        (None, Some(_)) => (first, last.filter(|_| more)),
        (None, None) => (None, last.filter(|_| more)),
    };
    Ok(Bulk { counts, skipped, only, rows, next, previous, left_out, ..bulk })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_named_and_left_out() {
        let pairs =
            [("outcome", "failed"), ("after", "x"), ("before", "12"), ("colour", "red"), ("next", "")];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let place = Place::of(&pairs);
        assert_eq!((place.only, place.after, place.before), (Some(Outcome::Failed), None, Some(12)));
        assert_eq!(place.left_out, ["after", "colour"]);
    }
}
