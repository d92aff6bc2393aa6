//! What is on record about a tenant: changing it, who may, what is refused, what others read of it, and the reference it is
//! billed under.

use super::operator;
use crate::ctx::Services;
use crate::tenants::{by_slug, change_details, details, rules, set_billing_reference};
use crate::{Ctx, Error, testing};
use model::details::DetailsInput;
use model::permission::{Permission, Role};
use model::{TenantId, UserId};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// Ann and Bob act for the platform, Cid looks only, Dan’s account is closed, Eve belongs to a tenant.
async fn people(admin: &PgPool) {
    sqlx::query(
        "INSERT INTO user_account (id, email, name, platform_role, disabled_at)
        SELECT ('00000000-0000-0000-0000-0000000001' || n)::uuid, lower(name) || '@example.com', name, role, CASE WHEN name = 'Dan' THEN now() END
        FROM (VALUES ('01', 'Ann', 'success'), ('02', 'Bob', 'owner'), ('03', 'Cid', 'auditor'), ('04', 'Dan', 'operator'), ('05', 'Eve', NULL))
            AS given (n, name, role)",
    )
    .execute(admin)
    .await
    .expect("people");
}

fn person(n: u128) -> String {
    Uuid::from_u128(0x100 + n).to_string()
}

async fn acme(admin: &PgPool) -> (Services, Ctx, TenantId) {
    let (services, cx) = operator(admin).await;
    people(admin).await;
    let id = testing::tenant(admin, "acme").await.expect("a tenant");
    (services, cx, id)
}

fn input() -> DetailsInput {
    DetailsInput {
        name: " Acme Holdings ".into(),
        domain: "ACME.example.com".into(),
        external_id: "CRM-7".into(),
        country: "Kenya".into(),
        industry: "Retail".into(),
        tags: "VIP, emea, vip".into(),
        owner: person(1),
        reason: "The new contract.".into(),
    }
}

fn wrong(result: crate::Result<()>) -> Vec<String> {
    match result {
        Err(Error::Invalid(errors)) => errors.0.into_keys().collect(),
        other => panic!("{other:?}"),
    }
}

/// Reason, before and after of the newest line of this action.
async fn line(admin: &PgPool, action: &str) -> (Option<String>, Value, Value) {
    sqlx::query_as("SELECT reason, before, after FROM audit_entry WHERE action = $1 AND result = 'done' ORDER BY seq DESC LIMIT 1")
        .bind(action)
        .fetch_one(admin)
        .await
        .expect("a line")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn everything_on_record_is_changed_at_once_and_stands_in_the_log(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    change_details(&cx, id, 1, &input()).await.expect("changed");
    let page = details(&cx, "acme").await.expect("the page");
    assert!(page.may_change);
    assert_eq!(page.owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>(), ["Ann", "Bob"]);
    let tenant = page.head.tenant;
    assert_eq!((tenant.name.as_str(), tenant.slug.as_str(), tenant.version), ("Acme Holdings", "acme", 2));
    assert_eq!(
        (tenant.domain.as_deref(), tenant.external_id.as_deref()),
        (Some("acme.example.com"), Some("CRM-7"))
    );
    assert_eq!((tenant.country.as_deref(), tenant.industry.as_deref()), (Some("Kenya"), Some("Retail")));
    assert_eq!(tenant.tags, ["vip", "emea"]);
    assert_eq!(tenant.owner_name.as_deref(), Some("Ann"));
    let (reason, before, after) = line(&admin, "tenant.change_details").await;
    assert_eq!(reason.as_deref(), Some("The new contract."));
    assert_eq!(
        (&before["name"], &before["owner_name"], &before["version"]),
        (&json!("acme"), &json!(null), &json!(1))
    );
    assert_eq!(
        (&after["name"], &after["owner_name"], &after["version"]),
        (&json!("Acme Holdings"), &json!("Ann"), &json!(2))
    );
    // The directory knows the tags, and finds it by its owner.
    let pairs = [("owner".to_owned(), person(1)), ("tag".to_owned(), "emea".to_owned())];
    let found = crate::tenants::directory(&cx, &pairs).await.expect("a page");
    assert_eq!(found.page.rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    assert_eq!(found.page.rows[0].owner_name.as_deref(), Some("Ann"));
    assert_eq!(found.facets.tags, ["emea", "vip"]);
    // What is left out is taken away.
    let bare = DetailsInput { name: "Acme".into(), reason: "Clean.".into(), ..DetailsInput::default() };
    change_details(&cx, id, 2, &bare).await.expect("changed");
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.domain, tenant.owner, tenant.tags.len()), (None, None, 0));
    assert_eq!(wrong(change_details(&cx, id, 3, &bare).await), [""], "nothing is different");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_wrong_is_said_field_by_field(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    let bad = DetailsInput {
        name: " ".into(),
        domain: "nodot".into(),
        external_id: "a\tb".into(),
        country: "\u{200B}".into(),
        industry: "x".repeat(101),
        tags: (0..11).map(|n| n.to_string()).collect::<Vec<_>>().join(","),
        owner: "Ann".into(),
        reason: String::new(),
    };
    let fields = ["country", "domain", "external_id", "industry", "name", "owner", "reason", "tags"];
    assert_eq!(wrong(change_details(&cx, id, 1, &bad).await), fields);
    testing::tenant(&admin, "other").await.expect("a tenant");
    sqlx::query("UPDATE tenant SET domain = 'acme.example.com', external_id = 'CRM-7' WHERE slug = 'other'")
        .execute(&admin)
        .await
        .expect("taken");
    // Who only looks, whose account is closed, who belongs to a tenant, and nobody at all.
    for n in [3, 4, 5, 6] {
        let taken = DetailsInput { owner: person(n), ..input() };
        assert_eq!(
            wrong(change_details(&cx, id, 1, &taken).await),
            ["domain", "external_id", "owner"],
            "{n}"
        );
    }
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.name.as_str(), tenant.version), ("acme", 1), "nothing was done");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_stale_form_is_told_and_an_owner_who_left_may_stay(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    change_details(&cx, id, 1, &input()).await.expect("changed");
    let stale = change_details(&cx, id, 1, &DetailsInput { name: "Mine".into(), ..input() }).await;
    assert!(
        matches!(&stale, Err(Error::Conflict(why)) if why.starts_with("Test Operator changed its details on ")),
        "{stale:?}"
    );
    sqlx::query("UPDATE user_account SET disabled_at = now() WHERE name = 'Ann'")
        .execute(&admin)
        .await
        .expect("closed");
    change_details(&cx, id, 2, &DetailsInput { name: "Acme Ltd".into(), ..input() })
        .await
        .expect("Ann stays");
    let given = DetailsInput { owner: person(2), ..input() };
    change_details(&cx, id, 3, &given).await.expect("given to Bob");
    let back = wrong(change_details(&cx, id, 4, &input()).await);
    assert_eq!(back, ["owner"], "she is not given it again");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn operators_change_it_and_the_tenants_people_see_it_without_who_looks_after_it(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    change_details(&cx, id, 1, &input()).await.expect("changed");
    set_billing_reference(&cx, id, 2, " PO 4711 ").await.expect("set");
    let weak = [
        testing::platform(&services, Role::Success),
        testing::platform(&services, Role::Auditor),
        testing::member(&services, id, Role::TenantAdmin),
        testing::member(&services, id, Role::TenantMember),
    ];
    for who in &weak {
        for refused in
            [change_details(who, id, 3, &input()).await, set_billing_reference(who, id, 3, "mine").await]
        {
            assert!(matches!(refused, Err(Error::Forbidden(Permission::TenantDetails))), "{refused:?}");
        }
        let page = details(who, "acme").await.expect("to read");
        assert!(!page.may_change && page.owners.is_empty());
        assert_eq!(page.head.tenant.owner_name.is_some(), who.actor().is_platform());
    }
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(details(&stranger, "acme").await, Err(Error::NotFound)));
    assert!(matches!(change_details(&stranger, id, 3, &input()).await, Err(Error::NotFound)));
    assert!(matches!(set_billing_reference(&stranger, id, 3, "mine").await, Err(Error::NotFound)));
    // Their admins read what they are billed under; the lines of the log keep the owner and the reason to the platform.
    let inside = testing::member(&services, id, Role::TenantAdmin);
    let payments = rules::payments(&inside, id).await.expect("their billing");
    assert_eq!(payments.billing_reference.as_deref(), Some("PO 4711"));
    assert!(rules::payments(&weak[3], id).await.is_err(), "members do not");
    let (_, before, after) = line(&admin, "tenant.set_billing_reference").await;
    assert_eq!(
        (&before["billing_reference"], &after["billing_reference"]),
        (&json!(null), &json!("PO 4711"))
    );
    set_billing_reference(&cx, id, 3, "").await.expect("taken away");
    assert_eq!(rules::payments(&cx, id).await.expect("billing").billing_reference, None);
    assert_eq!(wrong(set_billing_reference(&cx, id, 4, &"x".repeat(101)).await), ["billing_reference"]);
    assert!(matches!(set_billing_reference(&cx, id, 1, "late").await, Err(Error::Conflict(_))));
}

#[test]
fn ids_of_people_are_what_the_seed_says() {
    assert_eq!(person(1).parse(), Ok(UserId(Uuid::from_u128(0x101))));
}
