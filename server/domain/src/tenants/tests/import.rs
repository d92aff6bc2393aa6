use super::{count, operator};
use crate::audit::{Verified, verify};
use crate::error::Error;
use crate::tenants::{apply_import, get_import, stage_import};
use crate::testing::{self, new_tenant as create};
use crate::{Ctx, isolation, operations};
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
    assert_eq!(count(&admin, "SELECT count(*) FROM alignment WHERE open = 0").await, 10_000);
    assert_eq!(count(&admin, "SELECT count(*) FROM vector_collection").await, 10_000);
}

/// What provisioning gives as rows an import gives as well, whatever the plan; nothing is left to complain of.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn imported_tenants_begin_as_provisioned_ones_do(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = stage(&cx, "name,plan\nOne,free\nTwo,free\nThree,enterprise\n").await;
    assert_eq!(apply_import(&cx, id).await.expect("made"), 3);
    for (what, sql) in [
        (
            "template",
            "SELECT count(*) FROM tenant_template a JOIN template t ON t.id = a.template_id WHERE t.key = 'baseline' AND a.version = 1",
        ),
        (
            "application",
            "SELECT count(*) FROM template_application WHERE applied_by = 'Test Operator' AND reason = 'Import' AND jsonb_array_length(changes) > 20",
        ),
        ("alignment", "SELECT count(*) FROM alignment WHERE open = 0 AND aligned = expected"),
        ("collection", "SELECT count(*) FROM vector_collection WHERE dimension > 0"),
        ("onboarding", "SELECT count(*) FROM checklist_run WHERE key = 'onboarding' AND ended_at IS NULL"),
        (
            "fields",
            "SELECT count(*) FROM (SELECT FROM tenant_field GROUP BY tenant_id HAVING count(*) = 15) n",
        ),
        (
            "tasks",
            "SELECT count(*) FROM (SELECT FROM activation WHERE by_template AND NOT enabled GROUP BY tenant_id HAVING count(*) = 4) n",
        ),
        ("monitors", "SELECT count(*) FROM (SELECT FROM monitor GROUP BY tenant_id HAVING count(*) = 4) n"),
        (
            "backups",
            "SELECT count(*) FROM (SELECT FROM backup_schedule GROUP BY tenant_id HAVING count(*) = 2) n",
        ),
        (
            "line",
            "SELECT count(*) FROM audit_entry WHERE action = 'tenant.create' AND after->>'template' = 'baseline' AND after->>'template_version' = '1'",
        ),
    ] {
        assert_eq!(count(&admin, sql).await, 3, "{what}");
    }
    // Roles of other databases of this server are other tests'.
    let mut left = operations::reconcile(&cx).await.expect("looked");
    left.retain(|finding| finding.kind != "role");
    assert_eq!(left, []);
    // A closer look than the roll-up agrees with it.
    let ids: Vec<TenantId> =
        sqlx::query_scalar("SELECT id FROM tenant").fetch_all(&admin).await.expect("ids");
    for tenant in ids {
        assert_eq!(crate::templates::check_again(&cx, tenant).await.expect("looked").open(), 0);
    }
    // Nobody has proven them: the schedule takes them up before all others.
    assert_eq!(count(&admin, "SELECT count(*) FROM isolation_newest").await, 0);
    assert_eq!(isolation::prove_some(&services.system("isolation")).await.expect("proven"), 3);
    assert_eq!(count(&admin, "SELECT count(*) FROM isolation_newest WHERE failed = 0").await, 3);
}

/// R10: an import makes nobody whom a second person would have to approve.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_second_person_approves_is_not_imported(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let rule = async |second_person: &str, plans: &[&str]| {
        sqlx::query("UPDATE approval_rule SET second_person = $1, plans = $2 WHERE kind = 'provision'")
            .bind(second_person)
            .bind(plans.iter().map(|plan| (*plan).to_owned()).collect::<Vec<String>>())
            .execute(&admin)
            .await
            .expect("a rule");
    };
    let both = stage(&cx, "name,plan\nOne,free\nTwo,enterprise\n").await;
    let small = stage(&cx, "name,plan\nThree,free\n").await;
    rule("never", &["enterprise"]).await;
    let import = preview(&cx, both).await;
    assert_eq!((import.may_create, import.second_person), (false, vec![PlanId::Enterprise]));
    match apply_import(&cx, both).await {
        Err(Error::Conflict(why)) => {
            assert!(why.contains("second person") && why.contains("Enterprise"), "{why}")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 0, "not the others either");
    assert_eq!(apply_import(&cx, small).await.expect("nobody has to approve it"), 1);
    rule("always", &[]).await;
    let another = stage(&cx, "name,plan\nFour,free\n").await;
    assert!(matches!(apply_import(&cx, another).await, Err(Error::Conflict(_))));
    rule("dedicated", &[]).await;
    assert_eq!(apply_import(&cx, another).await.expect("in shared tables"), 1);
    assert_eq!(apply_import(&cx, both).await.expect("the rule is another one"), 2);
}

/// A request that waits has taken its names: an import does not take them away from it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn names_that_were_asked_for_are_not_imported(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let before = stage(&cx, "name\nAcme\nOther\n").await;
    let asked = model::operations::ProvisionRequest::named("Acme", PlanId::Free);
    operations::request_provision(&cx, asked, None).await.expect("asked for");
    let after = preview(&cx, stage(&cx, "name,slug\nMine,acme\n").await).await;
    assert_eq!(after.rows[0].problems, ["Another tenant has the slug “acme”."]);
    assert!(matches!(apply_import(&cx, before).await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 0);
    assert_eq!(apply_import(&cx, before).await.expect("the other"), 1);
}

/// The column `owner`: the address of somebody who acts for the platform, or the row says that it is not.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_owner_is_somebody_who_acts_for_the_platform(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    sqlx::query(
        "INSERT INTO user_account (id, email, name, platform_role) VALUES
        (gen_random_uuid(), 'ann@example.com', 'Ann', 'success'), (gen_random_uuid(), 'cid@example.com', 'Cid', 'auditor'),
        (gen_random_uuid(), 'bob@example.com', 'Bob', 'operator')",
    )
    .execute(&admin)
    .await
    .expect("people");
    let file = "name,owner\nOne,Ann@example.com\nTwo,cid@example.com\nThree,nobody@example.com\nFour,ann\nFive,\nSix,bob@example.com\n";
    let id = stage(&cx, file).await;
    let import = preview(&cx, id).await;
    assert!(import.ignored.is_empty());
    let bad: Vec<_> = import.rows.iter().filter(|row| !row.problems.is_empty()).map(|row| row.line).collect();
    assert_eq!((import.good, bad), (3, vec![3, 4, 5]));
    assert_eq!(import.rows[1].problems, ["The owner “cid@example.com” is nobody who acts for the platform."]);
    // Whoever is closed meanwhile looks after nothing.
    sqlx::query("UPDATE user_account SET disabled_at = now() WHERE name = 'Bob'")
        .execute(&admin)
        .await
        .expect("closed");
    assert_eq!(apply_import(&cx, id).await.expect("made"), 3);
    let owned: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT t.name, u.name FROM tenant t LEFT JOIN user_account u ON u.id = t.owner_id ORDER BY t.name",
    )
    .fetch_all(&admin)
    .await
    .expect("tenants");
    let owned: Vec<_> = owned.iter().map(|(name, owner)| (name.as_str(), owner.as_deref())).collect();
    assert_eq!(owned, [("Five", None), ("One", Some("Ann")), ("Six", None)]);
    let said: Vec<(String, bool)> = sqlx::query_as(
        "SELECT target, coalesce(after ->> 'owner', '') <> '' FROM audit_entry WHERE action = 'tenant.create' ORDER BY target",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    let said: Vec<_> = said.iter().map(|(name, owner)| (name.as_str(), *owner)).collect();
    assert_eq!(
        said,
        [("Five", false), ("One", true), ("Six", false)],
        "as it came to be, not as it was uploaded"
    );
}
