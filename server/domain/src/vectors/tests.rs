//! Collections in both places, between tenants, with and without the extension, and what becomes of them.

use super::*;
use crate::Services;
use crate::testing;
use model::permission::Role;
use serde_json::json;
use sqlx::PgPool;

const TEXTS: [&str; 4] = [
    "Where is my parcel? It is late.",
    "My parcel arrived late and broken.",
    "Please change the address on the invoice.",
    "How do I reset my password?",
];

fn document(n: u128, text: &str) -> Item {
    let embedding = embed(text).expect("words");
    let label = text.to_owned();
    Item { kind: VectorKind::Document, id: Uuid::from_u128(n), embedding, label, meta: json!({ "n": 1 }) }
}

/// A tenant with a schema of its own.
async fn dedicated(admin: &PgPool, slug: &str) -> TenantId {
    let tenant = testing::tenant(admin, slug).await.expect("a tenant");
    sqlx::query("UPDATE tenant SET placement = 'dedicated', plan_id = 'enterprise' WHERE id = $1")
        .bind(tenant)
        .execute(admin)
        .await
        .expect("dedicated");
    place(admin, tenant).await;
    tenant
}

async fn place(admin: &PgPool, tenant: TenantId) {
    sqlx::query("SELECT prov.create_namespace($1)").bind(tenant).execute(admin).await.expect("its schema");
}

async fn count(admin: &PgPool, sql: String) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(admin).await.expect("a count")
}

async fn fill(cx: &Ctx, tenant: TenantId) {
    for (n, text) in TEXTS.iter().enumerate() {
        put(cx, tenant, &document(n as u128 + 1, text)).await.expect("stored");
    }
}

/// The labels of what is found, and whether all was compared.
async fn find(cx: &Ctx, tenant: TenantId, text: &str, k: usize) -> (Vec<String>, bool) {
    let found = nearest(cx, tenant, &embed(text).expect("words"), k).await.expect("found");
    (found.hits.into_iter().map(|hit| hit.label).collect(), found.complete)
}

/// Puts, searches and removes as any tenant does.
async fn works_for(admin: &PgPool, services: &Services, tenant: TenantId) {
    let cx = testing::platform(services, Role::Operator);
    assert_eq!(find(&cx, tenant, "parcel", 5).await, (vec![], true), "nothing is there yet");
    fill(&cx, tenant).await;
    let there = collection(&cx, tenant).await.expect("a collection");
    assert_eq!(there.dimension, 256, "the first vector made it");
    let (labels, complete) = find(&cx, tenant, "the parcel is late", 2).await;
    assert_eq!(labels, TEXTS[..2], "the nearest first");
    assert!(complete);
    assert_eq!(find(&cx, tenant, "password", 9_999).await.0.len(), TEXTS.len(), "no more than there are");
    assert!(find(&cx, tenant, "password", 0).await.0.is_empty());
    // The length of a vector does not count, and its place is taken by the newer one.
    let long: Vec<f32> = embed(TEXTS[3]).expect("words").iter().map(|x| x * 7.5).collect();
    let again = Item { embedding: long.clone(), label: "again".into(), ..document(4, TEXTS[3]) };
    put(&cx, tenant, &again).await.expect("replaced");
    let found = nearest(&cx, tenant, &long, 1).await.expect("found");
    assert_eq!((found.hits[0].label.as_str(), &found.hits[0].meta), ("again", &json!({ "n": 1 })));
    assert!((found.hits[0].score - 1.0).abs() < 1e-5, "{}", found.hits[0].score);
    let stored: f64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT sum(x * x)::float8 FROM {}.vector_item, unnest(embedding) x WHERE label = 'again'",
        schema(admin, tenant).await
    )))
    .fetch_one(admin)
    .await
    .expect("a length");
    assert!((stored - 1.0).abs() < 1e-4, "{stored}");
    assert!(remove(&cx, tenant, VectorKind::Document, Uuid::from_u128(4)).await.expect("removed"));
    assert!(!remove(&cx, tenant, VectorKind::Document, Uuid::from_u128(4)).await.expect("gone"));
    assert_eq!(find(&cx, tenant, TEXTS[3], 9).await.0.len(), TEXTS.len() - 1);
}

async fn schema(admin: &PgPool, tenant: TenantId) -> String {
    sqlx::query_scalar(
        "SELECT CASE placement WHEN 'pooled' THEN 'pooled' ELSE 't_' || replace(id::text, '-', '') END FROM tenant WHERE id = $1",
    )
    .bind(tenant)
    .fetch_one(admin)
    .await
    .expect("a placement")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_finds_what_is_near_in_either_place(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (pooled, own) =
        (testing::tenant(&admin, "pooled").await.expect("a tenant"), dedicated(&admin, "own").await);
    works_for(&admin, &services, pooled).await;
    assert_eq!(count(&admin, "SELECT count(*) FROM pooled.vector_item".into()).await, 3);
    works_for(&admin, &services, own).await;
    assert_eq!(
        count(&admin, "SELECT count(*) FROM pooled.vector_item".into()).await,
        3,
        "not in the shared table"
    );
    let own_rows = format!("SELECT count(*) FROM {}.vector_item", schema(&admin, own).await);
    assert_eq!(count(&admin, own_rows).await, 3);
    let auditor = testing::platform(&services, Role::Auditor);
    assert_eq!(crate::isolation::lint(&auditor).await.expect("the lint"), []);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn nobody_finds_or_removes_what_is_another_tenants(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    let own = dedicated(&admin, "own").await;
    // The same document's id everywhere.
    for (tenant, text) in [(a, "alpha parcel"), (b, "beta parcel"), (own, "gamma parcel")] {
        put(&cx, tenant, &document(1, text)).await.expect("stored");
    }
    for (tenant, text) in [(a, "alpha parcel"), (b, "beta parcel"), (own, "gamma parcel")] {
        assert_eq!(
            find(&cx, tenant, "alpha beta gamma parcel", 9).await.0,
            [text],
            "its own and nothing else"
        );
    }
    assert!(remove(&cx, a, VectorKind::Document, Uuid::from_u128(1)).await.expect("removed"));
    for tenant in [b, own] {
        assert_eq!(find(&cx, tenant, "parcel", 9).await.0.len(), 1, "theirs is still there");
    }
    // Somebody of one tenant asks about another: there is no such tenant for them.
    let stranger = testing::member(&services, a, Role::TenantAdmin);
    let query = embed("parcel").expect("words");
    assert!(matches!(nearest(&stranger, b, &query, 1).await, Err(Error::NotFound)));
    assert!(matches!(collection(&stranger, b).await, Err(Error::NotFound)));
    assert!(matches!(put(&stranger, b, &document(2, "parcel")).await, Err(Error::NotFound)));
    assert!(matches!(
        remove(&stranger, b, VectorKind::Document, Uuid::from_u128(1)).await,
        Err(Error::NotFound)
    ));
    // Who only reads writes nothing.
    let auditor = testing::platform(&services, Role::Auditor);
    assert!(matches!(put(&auditor, b, &document(2, "parcel")).await, Err(Error::Forbidden(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM pooled.vector_item".into()).await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_does_not_fit_is_refused(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    let fine = document(1, "parcel");
    let with = |embedding: Vec<f32>| Item { embedding, ..fine.clone() };
    let mut infinite = fine.embedding.clone();
    infinite[3] = f32::INFINITY;
    for (field, item) in [
        ("embedding", with(vec![])),
        ("embedding", with(vec![1.0; 255])),
        ("embedding", with(vec![0.0; 256])),
        ("embedding", with(vec![f32::NAN; 256])),
        ("embedding", with(infinite)),
        ("label", Item { label: "x".repeat(201), ..fine.clone() }),
        ("meta", Item { meta: json!([1]), ..fine.clone() }),
        ("meta", Item { meta: json!({ "x": "y".repeat(5_000) }), ..fine.clone() }),
        ("id", Item { kind: VectorKind::Conversation, ..fine.clone() }),
    ] {
        match put(&cx, tenant, &item).await {
            Err(Error::Invalid(errors)) => assert!(errors.get(field).is_some(), "{field}: {errors:?}"),
            other => panic!("{field}: {other:?}"),
        }
    }
    put(&cx, tenant, &fine).await.expect("stored");
    assert!(matches!(nearest(&cx, tenant, &[1.0], 1).await, Err(Error::Invalid(_))));
    sqlx::query("UPDATE tenant SET status = 'suspended', suspension = 'blocked', status_before = 'active', status_reason = 'security_incident', status_note = 'A key leaked.' WHERE id = $1")
        .bind(tenant)
        .execute(&admin)
        .await
        .expect("suspended");
    assert!(matches!(put(&cx, tenant, &fine).await, Err(Error::Conflict(_))), "as conversations");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_conversation_takes_its_vector_with_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for tenant in [testing::tenant(&admin, "pooled").await.expect("one"), dedicated(&admin, "own").await] {
        let table = format!("{}.conversation", schema(&admin, tenant).await);
        let id = Uuid::from_u128(7);
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO {table} (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes) VALUES ($1, $2, 'c', 'chat', now(), '[]', 0, 0)"
        )))
        .bind(tenant)
        .bind(id)
        .execute(&admin)
        .await
        .expect("a conversation");
        put(&cx, tenant, &document(7, "a document of the same id")).await.expect("stored");
        put(&cx, tenant, &Item { kind: VectorKind::Conversation, ..document(7, "parcel") })
            .await
            .expect("stored");
        assert_eq!(find(&cx, tenant, "parcel document", 9).await.0.len(), 2);
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE id = $1")))
            .bind(id)
            .execute(&admin)
            .await
            .expect("removed");
        assert_eq!(find(&cx, tenant, "parcel document", 9).await.0, ["a document of the same id"]);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_exact_search_says_when_it_did_not_compare_everything(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    fill(&cx, tenant).await;
    // More than a batch, so that it goes on in the right place: far from every text.
    sqlx::query(
        "INSERT INTO pooled.vector_item (tenant_id, id, kind, embedding, label)
        SELECT $1, ('00000000-0000-0000-0001-' || lpad(n::text, 12, '0'))::uuid, 'document', array_fill((-1 / 16.0)::real, ARRAY[256]), 'far'
        FROM generate_series(1, 4500) n",
    )
    .bind(tenant)
    .execute(&admin)
    .await
    .expect("many");
    let query = embed(TEXTS[0]).expect("words");
    let mut read = cx.read(Reach::Tenant(tenant)).await.expect("a read");
    for (most, complete) in [(4_504, true), (9_999, true), (4_503, false), (4_000, false), (10, false)] {
        let found = exact(read.conn(), tenant, &query, 1, most).await.expect("found");
        assert_eq!(found.complete, complete, "{most}");
        let nearest = found.hits[0].label.as_str();
        // The oldest four are the near ones.
        assert_eq!(nearest == "far", most < 4_501, "{most}: {nearest}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_proof_leaves_nothing_and_notices_a_filter_that_does_not_hold(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    for tenant in [testing::tenant(&admin, "pooled").await.expect("one"), dedicated(&admin, "own").await] {
        for _ in 0..2 {
            let mut tx = cx.begin(Reach::Fleet).await.expect("begun");
            let proof = prove(&mut tx, tenant, Uuid::from_u128(99)).await.expect("proven");
            tx.commit_unaudited("a test").await.expect("committed");
            assert_eq!((&proof["found"], &proof["foreign"]), (&json!(true), &json!(0)));
        }
        assert_eq!(find(&cx, tenant, "vector", 9).await.0.len(), 0);
        assert!(collection(&cx, tenant).await.is_ok());
    }
    let pooled = crate::tenants::by_slug(&cx, "pooled").await.expect("the tenant").id;
    sqlx::raw_sql("CREATE POLICY leak ON pooled.vector_item TO steward_tenant USING (true)")
        .execute(&admin)
        .await
        .expect("a weaker policy");
    for (filled, says) in
        [(false, "another tenant finds its vectors"), (true, "it finds vectors of another tenant")]
    {
        if filled {
            fill(&cx, other).await;
        }
        let mut tx = cx.begin(Reach::Fleet).await.expect("begun");
        match prove(&mut tx, pooled, Uuid::from_u128(99)).await {
            Err(Error::Conflict(why)) => assert!(why.contains(says), "{why}"),
            wrong => panic!("{wrong:?}"),
        }
    }
    // The attack probe notices as well.
    let system = services.system("test");
    let evidence = crate::isolation::probe(&system, pooled, crate::isolation::Trigger::Schedule)
        .await
        .expect("evidence");
    let problems = evidence.problems().unwrap_or_default();
    assert!(problems.contains("foreign vectors"), "{problems}");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_schema_of_before_gets_the_table_when_it_is_brought_up_to_date(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let tenant = dedicated(&admin, "own").await;
    let drop = format!("DROP TABLE {}.vector_item", schema(&admin, tenant).await);
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&admin).await.expect("as it was");
    assert!(put(&cx, tenant, &document(1, "parcel")).await.is_err());
    let system = services.system("test");
    let broken = crate::isolation::probe(&system, tenant, crate::isolation::Trigger::Schedule).await;
    assert!(broken.expect("evidence all the same").problems().is_some());
    place(&admin, tenant).await;
    works_for(&admin, &services, tenant).await;
    let evidence = crate::isolation::probe(&system, tenant, crate::isolation::Trigger::Schedule).await;
    assert_eq!(evidence.expect("evidence").problems(), None);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn vectors_that_nobody_stands_for_are_reported(admin: PgPool) {
    let services = testing::services(&admin).await;
    let auditor = testing::platform(&services, Role::Auditor);
    let cx = testing::platform(&services, Role::Operator);
    let own = dedicated(&admin, "own").await;
    let kept = testing::tenant(&admin, "kept").await.expect("a tenant");
    let gone = testing::tenant(&admin, "gone").await.expect("a tenant");
    fill(&cx, kept).await;
    fill(&cx, gone).await;
    let found = async || -> Vec<(String, String)> {
        let all = crate::operations::reconcile(&auditor).await.expect("looked");
        let all = all.into_iter().filter(|f| f.kind == "vectors" || f.why.contains("shared tables"));
        all.map(|f| (f.kind, f.object)).collect()
    };
    assert_eq!(found().await, []);
    let nobody = Uuid::from_u128(5);
    for tenant in [nobody, own.0] {
        sqlx::query("INSERT INTO pooled.vector_item (tenant_id, id, kind, embedding, label) VALUES ($1, gen_random_uuid(), 'document', '{1}', 'x')")
            .bind(tenant)
            .execute(&admin)
            .await
            .expect("left over");
    }
    sqlx::query("INSERT INTO vector_collection (tenant_id, dimension, backend) VALUES ($1, 256, 'exact')")
        .bind(own)
        .execute(&admin)
        .await
        .expect("its collection");
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE id = $1")
        .bind(gone)
        .execute(&admin)
        .await
        .expect("deleted");
    assert_eq!(
        found().await,
        [
            ("tenant".into(), "own".into()),
            ("vectors".into(), nobody.to_string()),
            ("vectors".into(), "gone".to_owned())
        ]
    );
}

/// Everywhere: a collection that was made with the extension is searched without it. Where the server has the extension:
/// both searches give the same answer.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn with_or_without_the_extension_the_answer_is_the_same(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    sqlx::raw_sql("DROP EXTENSION IF EXISTS vector").execute(&admin).await.expect("not there");
    let tenants = [testing::tenant(&admin, "pooled").await.expect("one"), dedicated(&admin, "own").await];
    let set = async |backend: &str| {
        sqlx::query("UPDATE vector_collection SET backend = $1")
            .bind(backend)
            .execute(&admin)
            .await
            .expect("set");
    };
    for tenant in tenants {
        fill(&cx, tenant).await;
        assert_eq!(collection(&cx, tenant).await.expect("one").backend, VectorBackend::Exact);
        set("pgvector").await;
        assert_eq!(collection(&cx, tenant).await.expect("one").searched_by(), VectorBackend::Exact);
        assert_eq!(find(&cx, tenant, "the parcel is late", 2).await.0, TEXTS[..2], "without it");
    }
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')")
            .fetch_one(&admin)
            .await
            .expect("an answer");
    if !there {
        eprintln!("This server has no pgvector: only the exact search was tried.");
        return;
    }
    sqlx::raw_sql("CREATE EXTENSION vector").execute(&admin).await.expect("installed");
    for tenant in tenants {
        set("pgvector").await;
        assert_eq!(collection(&cx, tenant).await.expect("one").searched_by(), VectorBackend::Pgvector);
        for text in TEXTS.into_iter().chain(["late invoice password"]) {
            let query = embed(text).expect("words");
            let by_extension = nearest(&cx, tenant, &query, 9).await.expect("found");
            let mut read = cx.read(Reach::Tenant(tenant)).await.expect("a read");
            let by_us = exact(read.conn(), tenant, &query, 9, SEARCHED_MAX).await.expect("found");
            assert!(by_extension.complete && by_us.complete);
            let score =
                |found: &Found, id: Uuid| found.hits.iter().find(|hit| hit.id == id).expect("it").score;
            assert_eq!((by_extension.hits.len(), by_us.hits.len()), (4, 4));
            assert_eq!(by_extension.hits[0].id, by_us.hits[0].id);
            for hit in &by_us.hits {
                assert!((hit.score - score(&by_extension, hit.id)).abs() < 1e-5, "{text}: {hit:?}");
            }
        }
        // A new collection takes it by itself, and its proof holds.
        sqlx::query("DELETE FROM vector_collection WHERE tenant_id = $1")
            .bind(tenant)
            .execute(&admin)
            .await
            .expect("dropped");
        let mut tx = cx.begin(Reach::Fleet).await.expect("begun");
        let proof = prove(&mut tx, tenant, Uuid::from_u128(99)).await.expect("proven");
        assert_eq!(proof["searched_by"], json!("pgvector"));
    }
    let auditor = testing::platform(&services, Role::Auditor);
    assert_eq!(
        crate::isolation::lint(&auditor).await.expect("the lint"),
        [],
        "the extension weakens nothing"
    );
}
