//! The log as CSV: the lines of a filter, newest first, in parts. That it was asked for is in the log before the first
//! line leaves; the file itself begins after that line.

use super::{AuditEvent, lines};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::sheet;
use model::TenantId;
use model::audit::{Filter, Line, PLATFORM};
use model::directory::Cursor;
use model::permission::{Permission, Scope};

/// Lines of one part.
const PART: i64 = 1_000;

const HEAD: [&str; 10] =
    ["seq", "at", "tenant", "actor", "actor_kind", "action", "target", "result", "reason", "request"];

/// An export under way.
#[derive(Debug)]
pub struct Export {
    cx: Ctx,
    tenant: Option<TenantId>,
    filter: Filter,
    begun: bool,
    done: bool,
}

/// Begins the export of one tenant's log, or with no slug of all chains, as a page's pairs narrow it.
pub async fn export(cx: &Ctx, slug: Option<&str>, pairs: &[(String, String)]) -> Result<Export> {
    let (mut filter, left_out) = Filter::parse(pairs);
    filter.cursor = Cursor::First;
    let asked = serde_json::json!({ "filter": filter.terms().into_iter().map(|(_, _, words)| words).collect::<Vec<_>>() });
    let (tenant, tx, event) = match slug {
        Some(slug) => {
            let tenant = crate::tenants::by_slug(cx, slug).await?;
            let id = tenant.id;
            cx.require(Permission::AuditRead, Scope::Tenant(id)).await?;
            (Some(id), cx.begin(Reach::Tenant(id)).await?, AuditEvent::on(id, "audit.export", tenant.name))
        }
        None => {
            cx.require(Permission::AuditFleet, Scope::Platform).await?;
            (None, cx.begin(Reach::Fleet).await?, AuditEvent::platform("audit.export", "all chains"))
        }
    };
    sheet::understood(&left_out)?;
    tx.commit(event.after(asked)).await?;
    Ok(Export { cx: cx.clone(), tenant, filter, begun: false, done: false })
}

impl Export {
    /// The next part of the file; none when it is complete.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.done {
            return Ok(None);
        }
        let page = lines(&self.cx, self.tenant, &self.filter, PART).await?;
        let head = (!std::mem::replace(&mut self.begun, true)).then(|| sheet::head(&HEAD));
        match page.next {
            Some(cursor) => self.filter.cursor = Cursor::After(cursor),
            None => self.done = true,
        }
        sheet::written(head.into_iter().chain(page.rows.into_iter().map(cells))).map(Some)
    }
}

fn cells(line: Line) -> Vec<String> {
    vec![
        line.seq.to_string(),
        line.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        line.of.map_or_else(|| PLATFORM.to_owned(), |(slug, _)| slug),
        line.actor,
        line.actor_kind,
        line.action,
        line.target,
        line.outcome.as_str().to_owned(),
        line.reason.unwrap_or_default(),
        line.request,
    ]
}
