//! Alignment: the section of a tenant, acceptances, the fleet's list and its sweep.

use super::{audited, count, site};
use crate::error::Error;
use crate::templates::*;
use crate::{settings, testing};
use model::permission::Role;
use model::settings::Key;
use model::templates::{FleetFilter, Standing, State};
use sqlx::PgPool;

const ITEM: &str = "setting:security.session_idle_minutes";

fn asked<'a>(reason: &'a str, until: &'a str) -> Accept<'a> {
    Accept { item: ITEM, expected: "30 minutes", actual: "60 minutes", reason, until }
}

fn narrowed(standing: Standing) -> FleetFilter {
    FleetFilter { standing: Some(standing), ..FleetFilter::default() }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_difference_is_seen_accepted_and_open_again_when_the_time_is_up(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    assert_eq!(baseline(&cx, acme).await.expect("a section").assigned, None);
    apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
    let open = |state| {
        let cx = cx.clone();
        async move { baseline(&cx, acme).await.expect("a section").alignment.count(state) }
    };
    assert_eq!(open(State::Drift).await, 1, "its onboarding is not started");
    settings::set(&cx, acme, Key::SessionIdle, "60", false, "call centre", 0).await.expect("set");
    let section = baseline(&cx, acme).await.expect("a section");
    let item = section.alignment.item(ITEM).expect("a line");
    assert_eq!((item.state, item.actual.as_str()), (State::Drift, "60 minutes"));
    let wrong = accept(&cx, acme, &asked("", "yesterday")).await;
    assert!(matches!(wrong, Err(Error::Invalid(e)) if e.0.len() == 2), "both are said");
    let stale = Accept { actual: "45 minutes", ..asked("contract", "") };
    assert!(matches!(accept(&cx, acme, &stale).await, Err(Error::Conflict(_))));
    let other = Accept { item: "field:csat", ..asked("contract", "") };
    assert!(matches!(accept(&cx, acme, &other).await, Err(Error::Conflict(_))), "it does not differ");
    accept(&cx, acme, &asked("Contract of 2026", "2099-01-01")).await.expect_err("too far");
    let day = (cx.now() + chrono::TimeDelta::days(30)).format("%Y-%m-%d").to_string();
    accept(&cx, acme, &asked("Contract of 2026", &day)).await.expect("accepted");
    assert_eq!((open(State::Drift).await, open(State::Accepted).await), (1, 1));
    sqlx::query("UPDATE alignment_acceptance SET until = now() - interval '1 second'")
        .execute(&admin)
        .await
        .expect("time");
    sqlx::query("UPDATE alignment SET next_expiry = now() - interval '1 second'")
        .execute(&admin)
        .await
        .expect("time");
    assert_eq!(open(State::Lapsed).await, 1, "on the spot");
    let rolled = "SELECT open::bigint FROM alignment";
    assert_eq!(count(&admin, rolled).await, 1, "the fleet's list learns of it");
    let system = cx.services().system("test");
    assert_eq!(sweep(&system, 10).await.expect("swept"), 1);
    assert_eq!(count(&admin, rolled).await, 2);
    assert_eq!(sweep(&system, 10).await.expect("swept"), 0, "nothing is left to do");
    take_back(&cx, acme, ITEM, "It was a test").await.expect("taken back");
    assert!(matches!(take_back(&cx, acme, ITEM, "again").await, Err(Error::NotFound)));
    assert_eq!(
        (audited(&admin, "template.accept").await, audited(&admin, "template.take_back").await),
        (1, 1)
    );
    check_again(&cx, acme).await.expect("looked");
    assert_eq!(audited(&admin, "template.check").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_fleet_is_listed_worst_first_and_by_standing(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let mut tenants = vec![acme];
    for n in 0..4 {
        tenants.push(testing::tenant(&admin, &format!("t{n}")).await.expect("a tenant"));
    }
    for tenant in &tenants[..4] {
        apply_to(&cx, *tenant, "baseline", 1, "").await.expect("applied");
    }
    settings::set(&cx, tenants[1], Key::SessionIdle, "60", false, "test", 0).await.expect("set");
    settings::set(&cx, tenants[1], Key::AiMaxTokens, "60", false, "test", 0).await.expect("set");
    let all = fleet(&cx, &FleetFilter::default()).await.expect("a list");
    assert_eq!(all.page.rows.iter().map(|row| row.open).collect::<Vec<_>>(), [3, 1, 1, 1]);
    assert_eq!((all.drifting, all.accepted, all.aligned, all.without), (4, 0, 0, 1));
    let without = fleet(&cx, &narrowed(Standing::Without)).await.expect("a list");
    assert_eq!(without.page.rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["t3"]);
    assert!(without.page.rows[0].template.is_none());
    assert!(fleet(&cx, &narrowed(Standing::Aligned)).await.expect("a list").page.rows.is_empty());
    let after = FleetFilter { after: Some(format!("{}.{}", 3, tenants[1])), ..FleetFilter::default() };
    let rest = fleet(&cx, &after).await.expect("a list");
    assert_eq!(rest.page.rows.len(), 3, "the page goes on after the row");
    // One of them is accepted; the others are told apart by template and by age.
    let list = Accept {
        item: "checklist:onboarding",
        expected: "Version 1",
        actual: "Not started",
        reason: "done on paper",
        until: "",
    };
    accept(&cx, tenants[0], &list).await.expect("accepted");
    let accepted = fleet(&cx, &narrowed(Standing::Accepted)).await.expect("a list");
    assert_eq!(accepted.page.rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    let of = |key: &str, behind| FleetFilter { template: Some(key.into()), behind, ..FleetFilter::default() };
    assert_eq!(fleet(&cx, &of("baseline", false)).await.expect("a list").page.rows.len(), 4);
    assert!(fleet(&cx, &of("regulated", false)).await.expect("a list").page.rows.is_empty());
    assert!(
        fleet(&cx, &of("baseline", true)).await.expect("a list").page.rows.is_empty(),
        "nobody is behind"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_operators_accept_and_tenants_see_nothing_of_it(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
    settings::set(&cx, acme, Key::SessionIdle, "60", false, "call centre", 0).await.expect("set");
    let services = cx.services().clone();
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        assert!(!baseline(&weak, acme).await.expect("may read").may_accept);
        for refused in [
            accept(&weak, acme, &asked("x", "")).await,
            take_back(&weak, acme, ITEM, "x").await,
            check_again(&weak, acme).await.map(drop),
            sweep(&weak, 1).await.map(drop),
        ] {
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{role}");
        }
    }
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    assert!(matches!(baseline(&inside, acme).await, Err(Error::Forbidden(_))));
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(accept(&stranger, acme, &asked("x", "")).await, Err(Error::NotFound)));
    assert_eq!(count(&admin, "SELECT count(*) FROM alignment_acceptance").await, 0);
    assert!(
        matches!(accept(&cx, other, &asked("x", "")).await, Err(Error::NotFound)),
        "it is on no template"
    );
}
