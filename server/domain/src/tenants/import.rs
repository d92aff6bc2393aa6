//! A fleet that exists elsewhere already, from a CSV file (R4), in two steps: the upload is read, checked and kept with
//! what is wrong with every row; the confirmation makes all good rows in one transaction, or none. New customers do not
//! come this way: each of them is provisioned.
//!
//! An imported tenant has what a provisioned one has as rows, by the same functions: the newest version of the template
//! that tenants start from (fields, tasks, settings, alignment), its onboarding list, a vector collection, monitors and
//! backup schedules, its first audit line, and the event that it is there. It has not: an operation with its steps and
//! their evidence, a smoke test, a schema of its own, people who are let in. Its isolation is not proven when it begins:
//! the schedule of proofs takes it up next (`isolation`).
//!
//! Invariants: nothing of the file is trusted: its size, its number of rows and every cell are checked, and what it names
//! (slug, domain, external id) must be new among the fleet, among what is asked for and waits, and in the file itself;
//! what a second person has to approve is not imported at all (R10).

mod begin;
mod file;

use super::create::{Checked, created, trial_days};
use super::store::import::{self as store, Staged};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::notifications::announce_all;
use begin::{begin, second_person};
use file::{Row, read};
use model::directory::{IMPORT_PAGE, Import};
use model::notifications::Event;
use model::page::grouped;
use model::permission::{Actor, Permission, Scope};
use model::tenants::PlanId;
use model::{ImportId, TenantId, validate};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Whether the actor may make tenants at all: asked before a file is read.
pub async fn may_create(cx: &Ctx) -> Result<()> {
    cx.require(Permission::TenantCreate, Scope::Platform).await
}

/// Reads an uploaded file and keeps it for the preview. `plan` is for rows that name none.
///
/// # Errors
/// `Invalid` at field `file` when the file as a whole is of no use, at `plan` when that is unknown.
pub async fn stage_import(cx: &Ctx, file_name: &str, file: &[u8], plan: &str) -> Result<ImportId> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let plan: PlanId = validate::word(plan, "A plan").map_err(|message| Error::field("plan", message))?;
    let (mut rows, ignored) = read(file, plan).map_err(|message| Error::field("file", message))?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    against_the_fleet(tx.conn(), &mut rows).await?;
    let id = ImportId(cx.new_id());
    let by = match cx.actor() {
        Actor::User { id, .. } => Some(id.0),
        _ => None,
    };
    let file_name: String = file_name.chars().filter(|c| !c.is_control()).take(200).collect();
    let staged: Vec<Staged> = rows.into_iter().map(|row| row.staged).collect();
    store::stage(tx.conn(), id, &file_name, by, &ignored, &staged).await?;
    let bad = staged.iter().filter(|row| !row.problems.is_empty()).count();
    let after = serde_json::json!({ "import": id, "rows": staged.len(), "with_problems": bad });
    tx.commit(AuditEvent::platform("tenant.import_upload", file_name).after(after)).await?;
    Ok(id)
}

/// A page of the preview: rows behind line `after`.
pub async fn get_import(cx: &Ctx, id: ImportId, only_bad: bool, after: i32) -> Result<Import> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let import = store::preview(read.conn(), id, only_bad, after, i64::from(IMPORT_PAGE)).await?;
    let trial_days = trial_days(read.conn()).await?;
    let plans = store::plans(read.conn(), id).await?;
    let second_person =
        if import.applied_at.is_none() { second_person(read.conn(), &plans).await? } else { vec![] };
    let may_create = import.applied_at.is_none() && import.good > 0 && second_person.is_empty();
    Ok(Import { may_create, trial_days, second_person, ..import })
}

/// Makes the good rows, all or none; answers how many.
///
/// # Errors
/// `Conflict` when it was applied already, when nothing is good, when a second person has to approve tenants of a plan in
/// it, or when something in it has come into use meanwhile (then the preview says which rows).
pub async fn apply_import(cx: &Ctx, id: ImportId) -> Result<i64> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let (file_name, applied) = store::lock(tx.conn(), id).await?;
    if let Some(at) = applied {
        let at = at.format("%-d %b %Y %H:%M UTC");
        return Err(Error::Conflict(format!(
            "This file was imported on {at}. Nothing was created a second time."
        )));
    }
    let good = store::good(tx.conn(), id).await?;
    if good.is_empty() {
        return Err(Error::Conflict("No row of this file can be created.".into()));
    }
    let plans: Vec<PlanId> =
        PlanId::ALL.iter().copied().filter(|plan| good.iter().any(|row| row.plan == *plan)).collect();
    if let Some(why) = model::directory::import_refusal(&second_person(tx.conn(), &plans).await?) {
        return Err(Error::Conflict(why));
    }
    if store::claimed(tx.conn(), id).await? {
        drop(tx);
        return Err(overtaken(cx, id, &file_name).await?);
    }
    let tenants: Vec<(TenantId, &Checked)> = good.iter().map(|row| (TenantId(cx.new_id()), row)).collect();
    let trial_days = trial_days(tx.conn()).await?;
    let owners = match store::insert(tx.conn(), &tenants, trial_days).await {
        Ok(owners) => owners,
        Err(Error::Database(sqlx::Error::Database(db))) if db.is_unique_violation() => {
            drop(tx);
            return Err(overtaken(cx, id, &file_name).await?);
        }
        Err(other) => return Err(other),
    };
    let ids: Vec<TenantId> = tenants.iter().map(|(id, _)| *id).collect();
    let offer = begin(&mut tx, cx, &tenants).await?;
    announce_all(&mut tx, &ids, Event::TenantCreated, serde_json::json!({})).await?;
    let count = i32::try_from(good.len()).unwrap_or(i32::MAX);
    store::applied(tx.conn(), id, count).await?;
    let mut events = vec![
        AuditEvent::platform("tenant.import", file_name)
            .after(serde_json::json!({ "import": id, "created": count })),
    ];
    let (template, template_version) = (offer.template.key.as_str(), offer.version);
    events.extend(tenants.iter().map(|(tenant_id, tenant)| {
        // Whose account was closed since the upload looks after nothing.
        let tenant = &Checked { owner: owners.get(tenant_id).copied(), ..(*tenant).clone() };
        created(*tenant_id, tenant).after(Imported { tenant, template, template_version, import: id })
    }));
    tx.commit_all(events).await?;
    Ok(i64::from(count))
}

/// What a tenant began with, in the first line of its chain.
#[derive(Serialize)]
struct Imported<'a> {
    #[serde(flatten)]
    tenant: &'a Checked,
    template: &'a str,
    template_version: i32,
    import: ImportId,
}

/// Marks the rows that lost the race, so that the preview can be confirmed again without them.
async fn overtaken(cx: &Ctx, id: ImportId, file_name: &str) -> Result<Error> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    let rows = store::recheck(tx.conn(), id).await?;
    tx.commit(
        AuditEvent::platform("tenant.import_recheck", file_name)
            .after(serde_json::json!({ "import": id, "lost": rows })),
    )
    .await?;
    Ok(Error::Conflict(format!(
        "Nothing was created: since the upload, {} of the rows came into use by another tenant, or were asked for. They are marked now; look at the preview and confirm again.",
        grouped(i64::try_from(rows).unwrap_or_default())
    )))
}

/// Finds what is in use, and suggests slugs that are not: `acme`, `acme-2`, …
async fn against_the_fleet(connection: &mut sqlx::PgConnection, rows: &mut [Row]) -> Result<()> {
    let given: Vec<String> =
        rows.iter().filter(|row| !row.suggested).map(|row| row.staged.slug.clone()).collect();
    let domains: Vec<String> = rows.iter().filter_map(|row| row.staged.domain.clone()).collect();
    let external_ids: Vec<String> = rows.iter().filter_map(|row| row.staged.external_id.clone()).collect();
    let taken = store::taken(&mut *connection, &given, &domains, &external_ids).await?;
    let mut emails: Vec<String> = rows.iter().filter_map(|row| row.staged.owner_email.clone()).collect();
    emails.sort();
    emails.dedup();
    let owners =
        if emails.is_empty() { HashMap::new() } else { store::owners_of(&mut *connection, &emails).await? };
    for Row { staged, suggested } in rows.iter_mut() {
        let mut used = |what: &str, value: Option<&str>, taken: &HashSet<String>| {
            if let Some(value) = value.filter(|value| taken.contains(*value)) {
                staged.problems.push(format!("Another tenant has the {what} “{value}”."));
            }
        };
        let slug = staged.slug.clone();
        let (domain, external_id) = (staged.domain.clone(), staged.external_id.clone());
        used("slug", Some(slug.as_str()).filter(|_| !*suggested), &taken.slugs);
        used("domain", domain.as_deref(), &taken.domains);
        used("external id", external_id.as_deref(), &taken.external_ids);
        if let Some(email) = &staged.owner_email {
            staged.owner = owners.get(email).copied();
            if staged.owner.is_none() {
                staged.problems.push(format!("The owner “{email}” is nobody who acts for the platform."));
            }
        }
    }
    let mut used: HashSet<String> = given.into_iter().collect();
    let mut open: Vec<(&mut Staged, String, u32)> = rows
        .iter_mut()
        .filter(|row| row.suggested)
        .map(|row| {
            let base = row.staged.slug.clone();
            (&mut row.staged, base, 1)
        })
        .collect();
    // Each round asks for all at once; a name as common as its round is long has that many tenants already.
    for _ in 0..50 {
        for (staged, base, number) in &mut open {
            while !used.insert(staged.slug.clone()) {
                *number += 1;
                staged.slug = numbered(base, *number);
            }
        }
        let slugs: Vec<String> = open.iter().map(|(staged, _, _)| staged.slug.clone()).collect();
        if slugs.is_empty() {
            break;
        }
        let taken = store::taken(connection, &slugs, &[], &[]).await?.slugs;
        open.retain(|(staged, _, _)| taken.contains(&staged.slug));
    }
    for (staged, base, _) in open {
        staged.problems.push(format!("No free slug like “{base}” was found: name one in a column “slug”."));
    }
    Ok(())
}

/// `acme-2`, at most 63 characters.
fn numbered(base: &str, number: u32) -> String {
    let tail = format!("-{number}");
    let head: String = base.chars().take(63 - tail.len()).collect();
    format!("{}{tail}", head.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::directory::{IMPORT_BYTES, IMPORT_ROWS};

    fn problems(file: &str) -> Vec<(i32, Vec<String>)> {
        let (rows, _) = read(file.as_bytes(), PlanId::Starter).expect("readable");
        rows.into_iter().map(|row| (row.staged.line, row.staged.problems)).collect()
    }

    #[test]
    fn any_order_of_columns_with_byte_order_mark_and_semicolons() {
        let file = "\u{feff}Country Code;Domain;NAME;colour\nBR;fho.edu.br;Fundação;red\n";
        let (rows, ignored) = read(file.as_bytes(), PlanId::Starter).expect("readable");
        assert_eq!(ignored, ["colour"]);
        let row = &rows[0].staged;
        assert_eq!(
            (row.name.as_str(), row.domain.as_deref(), row.country.as_deref()),
            ("Fundação", Some("fho.edu.br"), Some("BR"))
        );
        assert_eq!((row.slug.as_str(), row.plan.as_str(), row.line), ("fundacao", "starter", 2));
        assert!(row.problems.is_empty(), "{:?}", row.problems);
    }

    #[test]
    fn a_file_of_no_use_is_refused_in_one_sentence() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "empty"),
            (b" \n ", "empty"),
            (b"title,domain\nA,a.com\n", "no column “name”"),
            (b"name,name\nA,B\n", "twice"),
            (b"name,domain\n", "no rows"),
            (b"PK\x03\x04\x00\x00", "not a CSV"),
        ];
        for (file, says) in cases {
            let error = read(file, PlanId::Free).err().expect("refused");
            assert!(error.contains(says), "{error}");
        }
        let many = format!("name\n{}", "a\n".repeat(IMPORT_ROWS as usize + 1));
        assert!(read(many.as_bytes(), PlanId::Free).err().expect("refused").contains("more than"));
        assert!(
            read(&vec![b'a'; IMPORT_BYTES as usize + 1], PlanId::Free)
                .err()
                .expect("refused")
                .contains("10 MB")
        );
    }

    #[test]
    fn a_country_is_its_code_wherever_the_file_has_it() {
        let file = "name,country,country_code\nA,Brazil,br\nB,Brazil,\nC,,GR\nD,Brazil,BRA\nE,,\n";
        let (rows, _) = read(file.as_bytes(), PlanId::Starter).expect("readable");
        let countries: Vec<_> = rows.iter().map(|row| row.staged.country.as_deref()).collect();
        assert_eq!(countries, [Some("BR"), Some("Brazil"), Some("GR"), Some("Brazil"), None]);
        assert!(rows[3].staged.problems[0].contains("not a country code"), "{:?}", rows[3].staged.problems);
    }

    #[test]
    fn every_problem_of_a_row_is_named() {
        let found = problems(
            "name,domain,slug,plan,country_code,external_id,region\n\
             A,a.com,a,free,DE,1,eu-1\n\
             ,bad,No Slug,gold,DEU,1,?\n\
             B,A.com,a,,,,\n\
             C,,,,,,,,too,many\n",
        );
        assert_eq!(found[0], (2, vec![]));
        assert_eq!(found[1].1.len(), 7, "{:?}", found[1]);
        assert_eq!(
            found[2].1,
            ["The slug “a” is on line 2 already.", "The domain “a.com” is on line 2 already."]
        );
        assert_eq!(found[3].1, ["The row has more cells than the first line."]);
        let (rows, _) = read(b"name\n\xff\xfe\n", PlanId::Free).expect("readable");
        assert_eq!(rows[0].staged.problems.len(), 1);
    }

    #[test]
    fn a_row_whose_name_is_no_single_visible_line_says_so() {
        let says = "A name cannot hold line breaks or invisible characters.";
        let found = problems(
            "name,domain\n\"Acme\nHoldings\",a.com\nAcme \u{202e}sgnidloH,b.com\n\u{200b},c.com\nFine,d.com\n",
        );
        assert_eq!(
            found,
            [(2, vec![says.to_owned()]), (4, vec![says.to_owned()]), (5, vec![says.to_owned()]), (6, vec![])]
        );
    }

    #[test]
    fn lines_are_those_of_the_file_whatever_ends_them() {
        let text = "name,domain\n\nA,a.com\n\"B\nand more\",b.com\n\n\nC,c.com\n";
        for end in ["\n", "\r\n", "\r"] {
            let (rows, _) = read(text.replace('\n', end).as_bytes(), PlanId::Free).expect("readable");
            let found: Vec<_> = rows.iter().map(|row| (row.staged.line, row.staged.name.as_str())).collect();
            assert_eq!(found, [(3, "A"), (4, "B\nand more"), (8, "C")], "{end:?}");
        }
    }

    #[test]
    fn a_quotation_mark_that_stays_open_is_told_with_its_line() {
        let error =
            read(b"name,domain\r\nA,a.com\r\n\"B,b.com\r\nC,c.com\r\n", PlanId::Free).err().expect("refused");
        assert!(error.contains("opens on line 3 is never closed"), "{error}");
        // One inside a cell, one said twice, and one that is closed are none of that.
        for fine in
            ["name\n5\" disk\n", "name\n\"5\"\" disk\"\n", "name\n\"a\nb\"\n", "name,domain\n\"\",a.com\n"]
        {
            assert!(read(fine.as_bytes(), PlanId::Free).is_ok(), "{fine:?}");
        }
    }

    #[test]
    fn numbers_fit_into_a_slug() {
        assert_eq!(numbered("acme", 2), "acme-2");
        assert_eq!(numbered(&"x".repeat(63), 12).len(), 63);
        assert!(validate::slug(&numbered(&format!("{}-x", "a".repeat(60)), 10)).is_ok());
    }
}
