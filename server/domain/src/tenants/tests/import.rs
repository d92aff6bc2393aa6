use super::{count, operator};
use crate::audit::{Verified, verify};
use crate::error::Error;
use crate::tenants::{apply_import, create, get_import, stage_import};
use crate::{Ctx, testing};
use model::directory::{Import, NewTenant};
use model::permission::Role;
use model::tenants::PlanId;
use model::{ImportId, TenantId};
use sqlx::PgPool;

/// Six real organisations, two of one name.
const SAMPLE: &str = "name,domain,country,country_code\n\
    Fundação Hermínio Ometto,fho.edu.br,Brazil,BR\n\
    Hellenic College of Noah,noah.edu.gr,Greece,GR\n\
    Antonio Nariño University,uan.edu.co,Colombia,CO\n\
    Xavier University,xu.edu.ph,Philippines,PH\n\
    Xavier University,xavier.edu,United States,US\n\
    \"Regent University College, Science and Technology\",regent.edu.gh,Ghana,GH\n";

async fn stage(cx: &Ctx, file: &str) -> ImportId {
    stage_import(cx, "orgs.csv", file.as_bytes(), "starter").await.expect("staged")
}

async fn preview(cx: &Ctx, id: ImportId) -> Import {
    get_import(cx, id, false, 0).await.expect("a preview")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_file_becomes_tenants_once(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let id = stage(&cx, SAMPLE).await;
    let import = preview(&cx, id).await;
    assert_eq!((import.good, import.bad, import.may_create), (6, 0, true));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 0, "nothing before the confirmation");
    let slugs: Vec<_> = import.rows.iter().map(|row| row.slug.as_str()).collect();
    assert_eq!(
        slugs,
        [
            "fundacao-herminio-ometto",
            "hellenic-college-of-noah",
            "antonio-narino-university",
            "xavier-university",
            "xavier-university-2",
            "regent-university-college-science-and-technology"
        ]
    );
    assert_eq!(apply_import(&cx, id).await.expect("made"), 6);
    assert_eq!(
        count(&admin, "SELECT count(*) FROM tenant WHERE status = 'trial' AND plan_id = 'starter' AND trial_ends_at BETWEEN now() + interval '13 days' AND now() + interval '15 days' AND country ~ '^[A-Z]{2}$' AND tags = '{}'").await,
        6
    );
    // A line in each chain and in the platform's, and every chain is sound.
    assert_eq!(
        count(&admin, "SELECT count(*) FROM audit_entry WHERE action = 'tenant.create' AND seq = 1").await,
        6
    );
    assert_eq!(count(&admin, "SELECT count(*) FROM audit_entry WHERE action = 'tenant.import' AND tenant_id = '00000000-0000-0000-0000-000000000000'").await, 1);
    let ids: Vec<TenantId> =
        sqlx::query_scalar("SELECT id FROM tenant").fetch_all(&admin).await.expect("ids");
    for tenant in ids {
        assert_eq!(verify(&cx, tenant).await.expect("chain"), Verified::Sound(1));
    }
    assert_eq!(verify(&cx, TenantId::PLATFORM).await.expect("chain"), Verified::Sound(2));
    // A second time nothing happens.
    assert!(matches!(apply_import(&cx, id).await, Err(Error::Conflict(_))));
    let import = preview(&cx, id).await;
    assert_eq!((import.created, import.may_create), (Some(6), false));
    // The same file again: every domain is in use, and suggested slugs go on counting.
    let again = preview(&cx, stage(&cx, SAMPLE).await).await;
    assert_eq!((again.good, again.bad, again.may_create), (0, 6, false));
    assert_eq!(again.rows[3].slug, "xavier-university-3");
    assert_eq!(again.rows[0].problems, ["Another tenant has the domain “fho.edu.br”."]);
    assert!(matches!(apply_import(&cx, again.id).await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 6);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn bad_rows_stay_behind(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    create(
        &cx,
        NewTenant {
            slug: "taken".into(),
            external_id: "E1".into(),
            ..NewTenant::named("Taken", PlanId::Free)
        },
    )
    .await
    .expect("made");
    let file = "\u{feff}external_id,tags,plan,region,slug,name,domain,shoe_size\n\
        E2,vip; Pilot;vip,enterprise,us-1,fine,=HYPERLINK(1),fine.example,42\n\
        E1,,,,,Other,,\n\
        E3,,,,taken,Other two,,\n\
        E4,,gold,,,Other three,,\n\
        E2,,,,,Twice,,\n\
        E5,,,,,,,\n";
    let id = stage(&cx, file).await;
    let import = preview(&cx, id).await;
    assert_eq!(import.ignored, ["shoe_size"]);
    assert_eq!((import.good, import.bad), (1, 5));
    let bad = get_import(&cx, id, true, 0).await.expect("bad rows");
    assert_eq!(bad.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    assert_eq!(get_import(&cx, id, true, 5).await.expect("a later page").rows.len(), 2);
    assert_eq!(apply_import(&cx, id).await.expect("made"), 1);
    let row: (String, String, String, Vec<String>, String) =
        sqlx::query_as("SELECT name, plan_id, region, tags, external_id FROM tenant WHERE slug = 'fine'")
            .fetch_one(&admin)
            .await
            .expect("row");
    assert_eq!(
        row,
        (
            "=HYPERLINK(1)".into(),
            "enterprise".into(),
            "us-1".into(),
            vec!["vip".into(), "pilot".into()],
            "E2".into()
        )
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_was_quicker_keeps_it_and_nothing_is_half_done(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let id = stage(&cx, SAMPLE).await;
    create(&cx, NewTenant { domain: "xavier.edu".into(), ..NewTenant::named("Quicker", PlanId::Free) })
        .await
        .expect("made");
    assert!(matches!(apply_import(&cx, id).await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 1, "none of the six");
    let import = preview(&cx, id).await;
    assert_eq!((import.good, import.bad, import.applied_at), (5, 1, None));
    assert_eq!(apply_import(&cx, id).await.expect("the rest"), 5);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_file_of_no_use_leaves_nothing(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    for (file, plan, field) in [
        ("", "free", "file"),
        ("domain\na.com\n", "free", "file"),
        ("name\nA\n", "gold", "plan"),
        ("name\nA\n", "", "plan"),
    ] {
        match stage_import(&cx, "x.csv", file.as_bytes(), plan).await {
            Err(Error::Invalid(errors)) => assert!(errors.get(field).is_some(), "{errors:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_import").await, 0);
    assert!(matches!(
        get_import(&cx, ImportId(uuid::Uuid::from_u128(9)), false, 0).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(apply_import(&cx, ImportId(uuid::Uuid::from_u128(9))).await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_who_may_create_imports(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = stage(&cx, SAMPLE).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("tenant");
    for weak in [
        testing::platform(&services, Role::Auditor),
        testing::platform(&services, Role::Success),
        testing::member(&services, tenant, Role::TenantAdmin),
    ] {
        assert!(matches!(
            stage_import(&weak, "x", SAMPLE.as_bytes(), "free").await,
            Err(Error::Forbidden(_))
        ));
        assert!(matches!(get_import(&weak, id, false, 0).await, Err(Error::Forbidden(_))));
        assert!(matches!(apply_import(&weak, id).await, Err(Error::Forbidden(_))));
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_import").await, 1);
    assert_eq!(apply_import(&cx, id).await.expect("by who may"), 6);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn ten_thousand_rows_are_one_transaction(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let mut file = String::from("name,domain\n");
    for n in 0..10_000 {
        file.push_str(&format!("College {},c{n}.example\n", n % 9_900));
    }
    let id = stage(&cx, &file).await;
    let import = preview(&cx, id).await;
    assert_eq!((import.good, import.rows.len(), import.next), (10_000, 100, Some(101)));
    assert_eq!(apply_import(&cx, id).await.expect("made"), 10_000);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 10_000);
    assert_eq!(count(&admin, "SELECT count(*) FROM audit_head").await, 10_001);
}
