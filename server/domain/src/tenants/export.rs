//! The directory as CSV: the same filter and order as the list, streamed in parts.
//!
//! A spreadsheet runs what begins like a formula, so such cells get a leading apostrophe (ASVS 5.0 1.2.10).

use super::list::part;
use super::store::list::{Details, Found, Key, details};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::sheet::{guarded, understood};
use model::directory::{Cursor, Query, Sort, SortKey};
use model::permission::{Permission, Scope};
use uuid::Uuid;

/// Rows of one part; what is in memory at any time.
const PART: i64 = 1_000;

const HEAD: [&str; 16] = [
    "name",
    "slug",
    "domain",
    "external_id",
    "status",
    "status_reason",
    "stage",
    "plan",
    "health_score",
    "health_band",
    "region",
    "country",
    "owner",
    "tags",
    "created_at",
    "updated_at",
];

/// An export under way.
#[derive(Debug)]
pub struct Export {
    cx: Ctx,
    query: Query,
    from: Option<(Key, Uuid)>,
    begun: bool,
    done: bool,
}

/// Begins the export of the list that a URL's pairs ask for: the whole list, whatever page the URL is at. That it was
/// asked for is in the audit log before the first row leaves.
pub async fn export(cx: &Ctx, pairs: &[(String, String)]) -> Result<Export> {
    cx.require(Permission::TenantList, Scope::Platform).await?;
    let (mut query, ignored) = Query::parse(pairs);
    let left_out: Vec<_> = ignored.iter().map(|one| format!("{}={}", one.key, one.value)).collect();
    understood(&left_out)?;
    query.cursor = Cursor::First;
    if query.sort.key == SortKey::Relevance {
        query.sort = Sort::ascending(SortKey::Name);
    }
    let tx = cx.begin(Reach::Fleet).await?;
    tx.commit(
        AuditEvent::platform("tenant.export", "directory")
            .after(serde_json::json!({ "query": query.to_query() })),
    )
    .await?;
    Ok(Export { cx: cx.clone(), query, from: None, begun: false, done: false })
}

impl Export {
    /// The next part of the file; none when it is complete.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.done {
            return Ok(None);
        }
        let mut out = csv::Writer::from_writer(Vec::new());
        if !self.begun {
            out.write_record(HEAD).map_err(broken)?;
            self.begun = true;
        }
        let mut read = self.cx.read(Reach::Fleet).await?;
        let rows = part(read.conn(), &self.query.filter, self.query.sort, self.from.as_ref(), PART).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut details = details(read.conn(), &ids).await?;
        drop(read);
        self.done = (rows.len() as i64) < PART;
        self.from = rows.last().map(|row| (row.key(self.query.sort.key), row.id));
        for row in &rows {
            let cells = cells(row, details.remove(&row.id).unwrap_or_default());
            out.write_record(cells.iter().map(|cell| guarded(cell).into_owned())).map_err(broken)?;
        }
        out.into_inner().map(Some).map_err(|error| Error::Internal(format!("csv: {error}")))
    }
}

fn broken(error: csv::Error) -> Error {
    Error::Internal(format!("csv: {error}"))
}

fn cells(Found { row, .. }: &Found, details: Details) -> [String; 16] {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        row.name.clone(),
        row.slug.clone(),
        or_empty(&details.domain),
        or_empty(&details.external_id),
        row.status.as_str().into(),
        or_empty(&row.status_reason),
        row.stage.as_str().into(),
        row.plan.as_str().into(),
        row.health_score.map(|score| score.to_string()).unwrap_or_default(),
        row.health_band.as_str().into(),
        row.region.clone(),
        or_empty(&details.country),
        or_empty(&row.owner_name),
        details.tags.join(";"),
        row.created_at.to_rfc3339(),
        row.updated_at.to_rfc3339(),
    ]
}
