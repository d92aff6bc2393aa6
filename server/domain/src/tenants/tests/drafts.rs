//! Drafts of the wizard: whose they are, what a page refuses, and that a draft becomes one operation.

use super::super::*;
use crate::ctx::Services;
use crate::testing;
use model::drafts::{Answers, Page};
use model::operations::{Person, ProvisionRequest};
use model::permission::{Actor, Role};
use model::tenants::PlanId;
use sqlx::PgPool;

fn answers(page: Page, change: impl FnOnce(&mut ProvisionRequest)) -> Answers {
    let mut request = ProvisionRequest::named("", PlanId::Starter);
    change(&mut request);
    Answers { page, request, wrong_people: None }
}

/// Somebody with an account, which a draft belongs to.
async fn person(admin: &PgPool, services: &Services, role: Role) -> Ctx {
    let id = model::UserId(services.new_id());
    let email = format!("{}@example.com", id.0.simple());
    sqlx::query("INSERT INTO user_account (id, email, name) VALUES ($1, $2, 'Test')")
        .bind(id.0)
        .bind(&email)
        .execute(admin)
        .await
        .expect("an account");
    let actor = Actor::User { id, name: "Test".into(), email, platform: Some(role), memberships: vec![] };
    services.ctx(actor, "test")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn pages_are_saved_one_by_one_and_become_one_operation(admin: PgPool) {
    let services = testing::services(&admin).await;
    testing::tenant(&admin, "taken").await.expect("a tenant");
    let cx = person(&admin, &services, Role::Operator).await;
    let none = begin_draft(&cx, "no-such").await;
    assert!(matches!(none, Err(Error::Invalid(errors)) if errors.get("template").is_some()));
    let id = begin_draft(&cx, "baseline").await.expect("begun");
    assert_eq!(drafts(&cx).await.expect("drafts").len(), 1);

    // Only what this page asks for is wrong, and all of it.
    let wrong = answers(Page::Identity, |r| r.domain = "nodot".into());
    let refused = save_draft(&cx, id, &wrong, 1).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(e)) if e.0.keys().all(|key| Page::Identity.fields().contains(&key.as_str())) && e.get("name").is_some() && e.get("domain").is_some()),
        "{refused:?}"
    );
    let used = answers(Page::Identity, |r| (r.name, r.slug) = ("Acme".into(), "taken".into()));
    assert!(matches!(save_draft(&cx, id, &used, 1).await, Err(Error::Invalid(e)) if e.get("slug").is_some()));
    assert!(matches!(submit_draft(&cx, id, 1, "").await, Err(Error::Conflict(_))), "not answered yet");

    let identity = answers(Page::Identity, |r| r.name = "Acme & Söhne".into());
    save_draft(&cx, id, &identity, 1).await.expect("saved");
    let late = save_draft(&cx, id, &identity, 1).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "another window was first");
    let plan = answers(Page::Plan, |r| (r.plan, r.trial_days) = (PlanId::Professional, 30));
    save_draft(&cx, id, &plan, 2).await.expect("saved");
    let people = answers(Page::People, |r| {
        let (name, email) = ("Ada".into(), "ada@example.com".into());
        r.admin = Some(Person { name, email, role: Role::TenantAdmin });
    });
    save_draft(&cx, id, &people, 3).await.expect("saved");
    let view = draft(&cx, id).await.expect("the draft");
    assert_eq!((view.draft.reached, view.draft.version, view.steps.len()), (4, 4, 13));
    assert_eq!((view.draft.request.slug.as_str(), view.second_person), ("acme-soehne", false));
    assert_eq!(view.draft.request.plan, PlanId::Professional);
    let terms = view.terms.as_ref().expect("terms");
    assert_eq!((terms.plan.id, terms.offer.template.key.as_str()), (PlanId::Professional, "baseline"));

    let (one, two) = tokio::join!(submit_draft(&cx, id, 4, "Signed."), submit_draft(&cx, id, 4, "Signed."));
    let (one, two) = (one.expect("asked"), two.expect("asked again"));
    assert_eq!(one.id, two.id, "a double click is one operation");
    assert_eq!(submit_draft(&cx, id, 1, "").await.expect("again").id, one.id);
    assert!(drafts(&cx).await.expect("drafts").is_empty());
    assert!(matches!(save_draft(&cx, id, &plan, 5).await, Err(Error::Conflict(_))), "it is sent");
    let lines: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT action FROM audit_entry WHERE action LIKE 'tenant_draft.%' ORDER BY action",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    assert_eq!(lines, ["tenant_draft.begin", "tenant_draft.save", "tenant_draft.submit"]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_draft_is_its_owners_alone_and_does_not_last(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = person(&admin, &services, Role::Operator).await;
    let other = person(&admin, &services, Role::Owner).await;
    let id = begin_draft(&cx, "baseline").await.expect("begun");
    let identity = answers(Page::Identity, |r| r.name = "Acme".into());
    assert!(matches!(draft(&other, id).await, Err(Error::NotFound)));
    assert!(matches!(save_draft(&other, id, &identity, 1).await, Err(Error::NotFound)));
    assert!(matches!(submit_draft(&other, id, 1, "").await, Err(Error::NotFound)));
    assert!(matches!(discard_draft(&other, id).await, Err(Error::NotFound)));
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(begin_draft(&weak, "baseline").await, Err(Error::Forbidden(_))));
    assert!(matches!(drafts(&weak).await, Err(Error::Forbidden(_))));

    discard_draft(&cx, id).await.expect("discarded");
    assert!(matches!(draft(&cx, id).await, Err(Error::NotFound)));
    let id = begin_draft(&cx, "baseline").await.expect("begun");
    sqlx::query("UPDATE tenant_draft SET expires_at = now()").execute(&admin).await.expect("time passes");
    assert!(matches!(draft(&cx, id).await, Err(Error::NotFound)));
    begin_draft(&cx, "baseline").await.expect("begun");
    sweep_drafts(&services.system("test")).await.expect("swept");
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tenant_draft").fetch_one(&admin).await.expect("a count");
    assert_eq!(left, 1, "what is over is removed");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_draft_keeps_the_version_that_was_chosen_until_somebody_chooses_again(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = person(&admin, &services, Role::Operator).await;
    let id = begin_draft(&cx, "regulated").await.expect("begun");
    let other = begin_draft(&cx, "regulated").await.expect("begun");
    assert_eq!(crate::templates::begin_draft(&cx, "regulated", 1).await.expect("a draft"), 2);
    sqlx::query("UPDATE template_version SET notes = 'More.', bundle = jsonb_set(bundle, '{fields}', (bundle->'fields') || '[\"objections\"]') WHERE state = 'draft'")
        .execute(&admin)
        .await
        .expect("filled");
    assert_eq!(crate::templates::publish(&cx, "regulated", 1).await.expect("published"), 2);

    let chosen = answers(Page::Template, |r| r.template = "regulated".into());
    save_draft(&cx, other, &chosen, 1).await.expect("saved");
    let version = draft(&cx, other).await.expect("the draft").draft.request.template_version;
    assert_eq!(version, Some(2), "it was chosen again");

    let identity = answers(Page::Identity, |r| r.name = "Acme".into());
    save_draft(&cx, id, &identity, 1).await.expect("saved");
    save_draft(&cx, id, &answers(Page::Plan, |_| {}), 2).await.expect("saved");
    save_draft(&cx, id, &answers(Page::People, |_| {}), 3).await.expect("saved");
    let asked = submit_draft(&cx, id, 4, "").await.expect("asked");
    let payload = crate::operations::get(&cx, asked.id).await.expect("the operation").payload;
    assert_eq!(payload["template"], "regulated");
    assert_eq!(payload["template_version"], 1, "as its owner saw it, not the newest");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn nobody_hoards_drafts_and_none_is_larger_than_its_form(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = person(&admin, &services, Role::Operator).await;
    let id = begin_draft(&cx, "baseline").await.expect("begun");
    for _ in 1..20 {
        begin_draft(&cx, "baseline").await.expect("begun");
    }
    assert!(matches!(begin_draft(&cx, "baseline").await, Err(Error::Conflict(_))));
    discard_draft(&cx, id).await.expect("discarded");
    let id = begin_draft(&cx, "baseline").await.expect("there is room again");

    let long = "x".repeat(100_000);
    let large = answers(Page::Identity, |r| {
        (r.name, r.country, r.region, r.tags) =
            (long.clone(), long.clone(), long.clone(), vec![long.clone()]);
    });
    let refused = save_draft(&cx, id, &large, 1).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(e)) if ["name", "country", "region", "tags"].iter().all(|field| e.get(field).is_some())),
        "{refused:?}"
    );
    let many = answers(Page::Identity, |r| {
        (r.name, r.tags) = ("Acme".into(), (0..1_000).map(|n| n.to_string()).collect());
    });
    assert!(matches!(save_draft(&cx, id, &many, 1).await, Err(Error::Invalid(e)) if e.get("tags").is_some()));
    let people = answers(Page::People, |r| {
        (r.support_contact, r.escalation_contact) = (long.clone(), long.clone());
    });
    assert!(matches!(save_draft(&cx, id, &people, 1).await, Err(Error::Invalid(e)) if e.0.len() == 2));
    let plan = answers(Page::Plan, |r| r.billing_reference = long.clone());
    assert!(matches!(save_draft(&cx, id, &plan, 1).await, Err(Error::Invalid(_))));
    assert_eq!(draft(&cx, id).await.expect("the draft").draft.version, 1, "nothing was kept");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_first_people_are_kept_once_their_plan_has_a_seat_for_each(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = person(&admin, &services, Role::Operator).await;
    let id = begin_draft(&cx, "baseline").await.expect("begun");
    let identity = answers(Page::Identity, |r| r.name = "Acme".into());
    save_draft(&cx, id, &identity, 1).await.expect("saved");
    let plan = answers(Page::Plan, |r| (r.plan, r.trial_days) = (PlanId::Free, 30));
    save_draft(&cx, id, &plan, 2).await.expect("saved");
    let people = |list: &str| {
        answers(Page::People, |r| {
            let (name, email) = ("Ada".into(), "ada@example.com".into());
            r.admin = Some(Person { name, email, role: Role::TenantAdmin });
            r.people = model::people::everybody(list).expect("a list");
        })
    };
    let colleague: String = sqlx::query_scalar(
        "UPDATE user_account SET platform_role = 'operator' WHERE email LIKE '%@example.com' RETURNING email",
    )
    .fetch_one(&admin)
    .await
    .expect("a colleague");
    for (list, says) in [
        ("Ada,ADA@example.com".to_owned(), "first administrator already"),
        (format!("Colleague,{colleague}"), "cannot be invited"),
        ((0..5).map(|n| format!("N,n{n}@example.com\n")).collect(), "has 5 seats"),
    ] {
        let refused = save_draft(&cx, id, &people(&list), 3).await;
        assert!(
            matches!(&refused, Err(Error::Invalid(e)) if e.0.len() == 1 && e.get("people").is_some_and(|why| why.contains(says))),
            "{refused:?}"
        );
    }
    save_draft(&cx, id, &people("Bo,bo@example.com,admin\n\"Roe, Jane\",jane@example.com"), 3)
        .await
        .expect("saved");
    let kept = draft(&cx, id).await.expect("the draft").draft.request.people;
    assert_eq!((kept[0].role, kept[1].name.as_str()), (Role::TenantAdmin, "Roe, Jane"));

    // They are in what is asked for.
    submit_draft(&cx, id, 4, "").await.expect("asked");
    let asked: i64 =
        sqlx::query_scalar("SELECT jsonb_array_length(payload->'people')::bigint FROM operation")
            .fetch_one(&admin)
            .await
            .expect("an operation");
    assert_eq!(asked, 2);
}

/// Limits of the tenant alone with the page of the plan, and who looks after it with the page of its names.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn limits_and_owner_are_answered_on_their_pages(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = person(&admin, &services, Role::Operator).await;
    let ann = model::UserId(services.new_id());
    sqlx::query("INSERT INTO user_account (id, email, name, platform_role) VALUES ($1, 'ann@example.com', 'Ann', 'success')")
        .bind(ann.0)
        .execute(&admin)
        .await
        .expect("an account");
    let id = begin_draft(&cx, "baseline").await.expect("begun");
    let nobody = model::UserId(services.new_id());
    let identity = |owner| answers(Page::Identity, |r| (r.name, r.owner) = ("Acme".into(), Some(owner)));
    let refused = save_draft(&cx, id, &identity(nobody), 1).await;
    assert!(matches!(refused, Err(Error::Invalid(e)) if e.get("owner").is_some()));
    save_draft(&cx, id, &identity(ann), 1).await.expect("saved");
    let plan = |reason: &str| {
        let limit = model::usage::Limit::Number(30);
        let meter = model::usage::LimitMeter::Users;
        let own = model::limits::AskedLimit { meter, limit, reason: reason.into() };
        answers(Page::Plan, |r| (r.plan, r.limits) = (PlanId::Free, vec![own]))
    };
    let refused = save_draft(&cx, id, &plan(" "), 2).await;
    assert!(matches!(refused, Err(Error::Invalid(e)) if e.get("limit_reason[users]").is_some()));
    save_draft(&cx, id, &plan("Agreed."), 2).await.expect("saved");
    let view = draft(&cx, id).await.expect("the draft");
    assert_eq!(view.draft.request.owner, Some(ann));
    assert!(view.owners.iter().any(|owner| owner.id == ann));
    let terms = view.terms.expect("terms");
    let users =
        terms.limits.iter().find(|line| line.meter == model::usage::LimitMeter::Users).expect("users");
    assert_eq!(
        (users.limit, users.source),
        (model::usage::Limit::Number(30), model::limits::LimitSource::Tenant)
    );
    assert_eq!(terms.own[0].reason, "Agreed.");

    // Whoever left meanwhile is no fault of the page of people; all that is wrong is said when it is sent.
    sqlx::query("UPDATE user_account SET disabled_at = now() WHERE id = $1")
        .bind(ann.0)
        .execute(&admin)
        .await
        .expect("gone");
    let someone = |email: &str| Person { name: "Bo".into(), email: email.into(), role: Role::TenantAdmin };
    let people = answers(Page::People, |r| r.people = vec![someone("bo@example.com")]);
    save_draft(&cx, id, &people, 3).await.expect("saved");
    sqlx::query("INSERT INTO user_account (id, email, name, disabled_at) VALUES (gen_random_uuid(), 'bo@example.com', 'Bo', now())")
        .execute(&admin)
        .await
        .expect("a closed account");
    match submit_draft(&cx, id, 4, "").await {
        Err(Error::Invalid(errors)) => {
            assert_eq!(errors.0.keys().map(String::as_str).collect::<Vec<_>>(), ["owner", "people"]);
        }
        other => panic!("{other:?}"),
    }
}
