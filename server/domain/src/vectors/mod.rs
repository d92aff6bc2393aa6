//! Vector collections (R18): what conversations and documents of one tenant resemble. A collection per tenant; its
//! vectors are rows in the tenant's place, the shared table with row level security or the tenant's own schema.
//!
//! Invariants: a vector is stored with unit length, in the dimension of its collection, as an array of numbers, so that
//! nothing is lost with the extension and nothing depends on it; a search sees one tenant's vectors only, which
//! [`prove`] tries from both sides; a conversation that is removed takes its vector with it.
//!
//! Nearness is the cosine. Two things search, with the same answer: `pgvector`, where the database had the extension
//! when the collection was made and has it still, compares inside the database, with every vector of the tenant and
//! without an index (an index over several tenants finds too little for each of them); `exact` compares here, with the
//! [`SEARCHED_MAX`] newest, and says when there were more. A start installs the extension
//! where the server offers it and lets us (`db`); one that comes later is used for a collection after the administrator has
//! set its `backend`.
//!
//! Next: [`embed`] for the embedder on the box, `prove` for the step of provisioning.

pub mod embed;
mod prove;
mod store;
#[cfg(test)]
mod tests;

pub use embed::embed;
pub(crate) use prove::prove;

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::TenantId;
use model::permission::{Permission, Scope};
use model::validate::FieldErrors;
use model::vectors::{VectorBackend, VectorKind};
use model::work::Work;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Vectors that the exact search compares at most, the newest of the tenant: 20 MB that are read, some 50 ms.
pub const SEARCHED_MAX: usize = 20_000;
/// Hits of one search at most.
pub const FOUND_MAX: usize = 100;
/// Vectors that are in memory at once.
const BATCH: i64 = 2_000;
/// Bytes of what is kept beside a vector.
const META_MAX: usize = 4_096;

/// What a tenant's vectors are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    pub dimension: i32,
    pub backend: VectorBackend,
    pub created_at: DateTime<Utc>,
    /// The database has the extension now.
    pub installed: bool,
}

impl Collection {
    /// What a search uses now: without the extension there is only one.
    pub fn searched_by(&self) -> VectorBackend {
        if self.installed { self.backend } else { VectorBackend::Exact }
    }
}

/// A vector with what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub kind: VectorKind,
    /// The conversation's or the document's.
    pub id: Uuid,
    /// Of any length but zero.
    pub embedding: Vec<f32>,
    /// At most 200 characters.
    pub label: String,
    /// An object of at most 4 kB.
    pub meta: Value,
}

/// One that was found.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Hit {
    pub kind: VectorKind,
    pub id: Uuid,
    pub label: String,
    pub meta: Value,
    /// The cosine, 1 (the same direction) to −1.
    pub score: f64,
}

/// What a search found, the nearest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// All of the tenant's vectors were compared.
    pub complete: bool,
}

/// The tenant's collection.
///
/// # Errors
/// `NotFound` where there is none yet.
pub async fn collection(cx: &Ctx, tenant: TenantId) -> Result<Collection> {
    cx.require(Permission::ConversationRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    store::collection(read.conn(), tenant).await?.ok_or(Error::NotFound)
}

/// Stores a vector, in the place of the one that stood for the same before. The first one makes the collection where
/// nothing has.
///
/// # Errors
/// `Invalid` for a vector that does not fit the collection, and for a conversation that the tenant does not have;
/// `Conflict` where the tenant takes nothing in.
pub async fn put(cx: &Ctx, tenant: TenantId, item: &Item) -> Result<()> {
    cx.require(Permission::ConversationWrite, Scope::Tenant(tenant)).await?;
    check(item)?;
    let mut tx = cx.begin_in(tenant, Work::Ingest).await?;
    put_in(tx.conn(), tenant, item).await?;
    tx.commit_unaudited("vectors are data, not administration").await
}

/// Removes a vector; whether it was there.
pub async fn remove(cx: &Ctx, tenant: TenantId, kind: VectorKind, id: Uuid) -> Result<bool> {
    cx.require(Permission::ConversationWrite, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_in(tenant, Work::Withdraw).await?;
    let was = store::remove(tx.conn(), tenant, kind, id).await?;
    tx.commit_unaudited("vectors are data, not administration").await?;
    Ok(was)
}

/// The `k` nearest of the tenant's vectors, [`FOUND_MAX`] at most; none where it has no collection.
///
/// # Errors
/// `Invalid` for a query that does not fit the collection.
pub async fn nearest(cx: &Ctx, tenant: TenantId, query: &[f32], k: usize) -> Result<Found> {
    cx.require(Permission::ConversationRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    match store::collection(read.conn(), tenant).await? {
        Some(collection) => search(read.conn(), tenant, &collection, query, k).await,
        None => Ok(Found { hits: vec![], complete: true }),
    }
}

/// The collection in the caller's transaction, made where it is missing.
pub(crate) async fn open_in(connection: &mut PgConnection, tenant: TenantId) -> Result<Collection> {
    if let Some(there) = store::collection(connection, tenant).await? {
        return Ok(there);
    }
    store::open(connection, tenant, i32::try_from(embed::DIMENSION).unwrap_or(i32::MAX)).await?;
    store::collection(connection, tenant)
        .await?
        .ok_or_else(|| Error::Internal("a collection that was made is not there".into()))
}

/// Collections for tenants that have none, in the caller's transaction (reach `Fleet`): what the step of provisioning
/// makes, without its proof.
pub(crate) async fn open_all(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    store::open_all(connection, tenants, i32::try_from(embed::DIMENSION).unwrap_or(i32::MAX)).await
}

/// The collection in the caller's transaction, where there is one.
pub(crate) async fn collection_in(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<Collection>> {
    store::collection(connection, tenant).await
}

async fn put_in(connection: &mut PgConnection, tenant: TenantId, item: &Item) -> Result<()> {
    let collection = open_in(connection, tenant).await?;
    let unit = unit(&item.embedding, collection.dimension)?;
    store::put(connection, tenant, item, &unit).await
}

async fn search(
    connection: &mut PgConnection,
    tenant: TenantId,
    collection: &Collection,
    query: &[f32],
    k: usize,
) -> Result<Found> {
    let unit = unit(query, collection.dimension)?;
    let k = k.min(FOUND_MAX);
    match collection.searched_by() {
        VectorBackend::Pgvector => {
            let hits = store::nearest(connection, tenant, &unit, k as i64).await?;
            Ok(Found { hits, complete: true })
        }
        VectorBackend::Exact => exact(connection, tenant, &unit, k, SEARCHED_MAX).await,
    }
}

/// Compares with the newest `most`, a batch at a time.
async fn exact(
    connection: &mut PgConnection,
    tenant: TenantId,
    unit: &[f32],
    k: usize,
    most: usize,
) -> Result<Found> {
    let dimension = i32::try_from(unit.len()).unwrap_or(i32::MAX);
    let mut best: Vec<(f64, Uuid, VectorKind)> = Vec::with_capacity(k + 1);
    // No id comes after this one.
    let (mut before, mut seen) = ((Uuid::max(), VectorKind::Document), 0);
    let complete = 'all: loop {
        // One more than may be compared shows that there are more.
        let limit = BATCH.min(i64::try_from(most - seen + 1).unwrap_or(BATCH));
        let place = (before.0, before.1.as_str());
        let batch = store::candidates(connection, tenant, dimension, place, limit).await?;
        for candidate in &batch {
            if seen == most {
                break 'all false;
            }
            seen += 1;
            let score = dot(unit, &candidate.embedding);
            let place = best.partition_point(|(other, id, kind)| {
                *other > score || (*other == score && (*id, *kind) < (candidate.id, candidate.kind))
            });
            if place < k {
                best.insert(place, (score, candidate.id, candidate.kind));
                best.truncate(k);
            }
        }
        match batch.last() {
            Some(last) if batch.len() as i64 == limit => before = (last.id, last.kind),
            _ => break true,
        }
    };
    let ids: Vec<_> = best.iter().map(|(_, id, _)| *id).collect();
    let names = store::names(connection, tenant, &ids).await?;
    let hits = best.iter().filter_map(|(score, id, kind)| {
        let name = names.iter().find(|name| name.id == *id && name.kind == *kind)?;
        let (label, meta) = (name.label.clone(), name.meta.clone());
        Some(Hit { kind: *kind, id: *id, label, meta, score: *score })
    });
    Ok(Found { hits: hits.collect(), complete })
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// A vector of length one in the same direction.
fn unit(embedding: &[f32], dimension: i32) -> Result<Vec<f32>> {
    if i32::try_from(embedding.len()) != Ok(dimension) {
        return Err(Error::field(
            "embedding",
            format!("A vector of this collection has {dimension} numbers."),
        ));
    }
    let length = dot(embedding, embedding).sqrt();
    if !length.is_finite() || length == 0.0 {
        return Err(Error::field("embedding", "A vector has numbers, and one that is not zero."));
    }
    Ok(embedding.iter().map(|x| (f64::from(*x) / length) as f32).collect())
}

/// What can be said without the collection.
fn check(item: &Item) -> Result<()> {
    let mut errors = FieldErrors::default();
    if item.label.chars().count() > 200 {
        errors.add("label", "A label has at most 200 characters.");
    }
    if !item.meta.is_object() || item.meta.to_string().len() > META_MAX {
        errors.add("meta", "What is kept beside a vector is an object of at most 4 kB.");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}
