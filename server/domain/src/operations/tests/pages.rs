//! What pages show: the list with its views and cursors, and the pulse of a live page.

use super::*;

fn pairs(text: &str) -> Vec<(String, String)> {
    model::url::decode(text)
}

async fn asked_for(cx: &Ctx, slug: &str) -> Requested {
    let asked = ProvisionRequest { slug: slug.into(), ..ProvisionRequest::named(slug, PlanId::Free) };
    request_provision(cx, asked, None).await.expect("asked")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_list_pages_both_ways_and_counts_what_waits(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let mut ids = Vec::new();
    for n in 0..60 {
        ids.push(asked_for(&cx, &format!("acme-{n}")).await.id);
    }
    ids.reverse();
    let first = directory(&cx, &[]).await.expect("a page");
    assert_eq!(first.rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids[..50]);
    assert_eq!((first.previous, first.next), (None, Some(ids[49])));
    let second = directory(&cx, &pairs(&format!("after={}", ids[49]))).await.expect("a page");
    assert_eq!(second.rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids[50..]);
    assert_eq!((second.previous, second.next), (Some(ids[50]), None));
    let back = directory(&cx, &pairs(&format!("before={}", ids[50]))).await.expect("a page");
    assert_eq!((back.rows, back.previous, back.next), (first.rows, None, Some(ids[49])));
    control(&cx, ids[0], Control::Cancel, "").await.expect("cancelled");
    sqlx::query("UPDATE operation SET state = 'parked' WHERE id = $1")
        .bind(ids[1])
        .execute(&admin)
        .await
        .expect("parked");
    let some = directory(&cx, &pairs("state=parked&state=needs_operator&kind=provision&state=asleep&x=1"))
        .await
        .expect("a page");
    assert_eq!(some.rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids[1..2]);
    assert_eq!(some.left_out, ["state", "x"]);
    let count = |of: State| some.counts.iter().find(|(state, _)| *state == of).map(|(_, n)| *n);
    assert_eq!(
        (count(State::Queued), count(State::Parked), count(State::Failed)),
        (Some(58), Some(1), Some(0))
    );
    assert_eq!(count(State::Cancelled), None, "nobody waits for it");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn people_of_a_tenant_see_theirs_and_follow_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let requested = asked_for(&cx, "mine").await;
    let before = pulse(&cx, requested.id, None).await.expect("a pulse");
    assert_eq!((before.state, before.steps_done), (State::Queued, 0));
    Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await.expect("finished");
    let after = pulse(&cx, requested.id, None).await.expect("a pulse");
    assert_eq!((after.state, after.steps_done), (State::Succeeded, after.steps_total));
    assert!(after.version > before.version + after.steps_total, "every step is a change of its own");

    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let own = testing::member(&services, requested.tenant, Role::TenantMember);
    let list = directory(&own, &pairs("tenant=mine")).await.expect("a page");
    assert_eq!((list.rows.len(), list.counts.len()), (1, 0));
    assert!(matches!(directory(&own, &[]).await, Err(Error::Forbidden(_))), "the fleet's are not");
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(directory(&stranger, &pairs("tenant=mine")).await, Err(Error::NotFound)));
    assert!(matches!(pulse(&stranger, requested.id, None).await, Err(Error::NotFound)));
    assert!(matches!(pulse(&stranger, requested.id, Some(requested.tenant)).await, Err(Error::NotFound)));
    assert!(
        matches!(pulse(&stranger, requested.id, Some(other)).await, Err(Error::NotFound)),
        "not under theirs"
    );
    assert_eq!(pulse(&own, requested.id, Some(requested.tenant)).await.expect("a pulse"), after);
    sqlx::query("UPDATE operation SET parent_id = $1, reason = 'private', approval_note = 'private', error = 'inside'")
        .bind(uuid::Uuid::max())
        .execute(&admin)
        .await
        .expect("written");
    let theirs = get(&own, requested.id).await.expect("the page");
    assert_eq!((theirs.reason, theirs.approval_note, theirs.parent), (None, None, None));
    assert!(theirs.log.is_empty() && theirs.payload.is_null() && theirs.result.is_none());
    assert!(theirs.row.error.is_some_and(|error| !error.contains("inside")));
    assert!(theirs.steps.iter().all(|step| step.output.is_none() && step.error.is_none()));
    assert!(theirs.controls.iter().all(|(_, may)| may.is_err()));
    assert!(matches!(get(&stranger, requested.id).await, Err(Error::NotFound)));
}
