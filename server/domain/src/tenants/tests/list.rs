use super::{count, fleet, operator};
use crate::Ctx;
use crate::error::Error;
use crate::tenants::{directory, export, may_create, search_quick};
use crate::testing::{self, new_tenant as create};
use model::TenantId;
use model::directory::{Directory, NewTenant, View};
use model::page::Total;
use model::permission::Role;
use model::tenants::PlanId;
use model::url::decode;
use sqlx::PgPool;

async fn open(cx: &Ctx, url: &str) -> Directory {
    directory(cx, &decode(url)).await.expect("a page")
}

fn slugs(page: &Directory) -> Vec<String> {
    page.page.rows.iter().map(|row| row.slug.clone()).collect()
}

/// Every slug of a list, page by page; between pages `between` runs.
async fn walk(cx: &Ctx, url: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let mut all = Vec::new();
    let mut page = open(cx, url).await;
    let mut at = 0;
    loop {
        assert_eq!(page.from, all.len() as i64 + 1, "{url}");
        all.extend(slugs(&page));
        let Some(next) = page.page.next.clone() else { return all };
        between(at).await;
        at += 1;
        let before = slugs(&page);
        page = open(cx, &format!("{url}&after={next}")).await;
        // And back again: the page before is the page we came from.
        if at == 1 {
            let previous = page.page.previous.clone().expect("a way back");
            assert_eq!(slugs(&open(cx, &format!("{url}&before={previous}")).await), before, "{url}");
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_order_shows_every_row_once(admin: PgPool) {
    fleet(&admin, 130).await;
    let (_, cx) = operator(&admin).await;
    for sort in ["name", "-name", "health", "-health", "created", "-created", "updated", "-updated"] {
        for filter in ["", "&status=active&status=trial", "&q=college", "&health=watch&health=no_data"] {
            let url = format!("rows=25&sort={sort}{filter}");
            let mut all = walk(&cx, &url, async |_| ()).await;
            let total = open(&cx, &url).await.page.total;
            assert_eq!(total, Total::Exact(all.len() as i64), "{url}");
            all.sort();
            all.dedup();
            assert_eq!(total, Total::Exact(all.len() as i64), "{url}: a row came twice");
            assert!(all.len() > 25, "{url}");
        }
    }
}

/// In tests the search looks at few rows before it asks the trigram index, and lets that answer fewer than these.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_common_word_that_stands_far_behind_is_found_whole(admin: PgPool) {
    fleet(&admin, 40).await;
    let (_, cx) = operator(&admin).await;
    let mut wanted = Vec::new();
    for number in 0..45 {
        let slug = format!("behind-{number:02}");
        let named = NewTenant::named(format!("Zz {number:02} Lighthouse"), PlanId::Free);
        create(&cx, NewTenant { slug: slug.clone(), ..named }).await.expect("made");
        wanted.push(slug);
    }
    assert_eq!(walk(&cx, "rows=25&q=lighthouse", async |_| ()).await, wanted);
    assert_eq!(open(&cx, "rows=25&q=lighthouse").await.page.total, Total::Exact(45));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn paging_neither_skips_nor_repeats_while_rows_come_in(admin: PgPool) {
    fleet(&admin, 120).await;
    let (_, cx) = operator(&admin).await;
    for (round, url) in
        ["rows=25&sort=name", "rows=25&sort=-created", "rows=25&q=college"].into_iter().enumerate()
    {
        let before = walk(&cx, url, async |_| ()).await;
        let seen = walk(&cx, url, async |at| {
            for name in ["A College first", "College 20", "Zz College last"] {
                let slug = format!("new-{round}-{at}-{}", &name[..2].trim().to_lowercase());
                create(&cx, NewTenant { slug, ..NewTenant::named(name, PlanId::Free) }).await.expect("made");
            }
        })
        .await;
        let kept: Vec<_> = seen.iter().filter(|slug| before.contains(slug)).cloned().collect();
        assert_eq!(kept, before, "{url}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_filter_filters(admin: PgPool) {
    fleet(&admin, 200).await;
    let (_, cx) = operator(&admin).await;
    for (url, sql) in [
        ("status=suspended", "status = 'suspended'"),
        ("status=failed&status=trial", "status IN ('failed', 'trial')"),
        ("plan=free&plan=enterprise", "plan_id IN ('free', 'enterprise')"),
        ("stage=configure", "stage = 'configure'"),
        ("health=critical&health=no_data", "health_band IN ('critical', 'no_data')"),
        ("health=critical&sort=-health", "health_band = 'critical'"),
        ("region=us-2", "region = 'us-2'"),
        ("region=us-2&region=eu-1", "region IN ('us-2', 'eu-1')"),
        ("tag=vip", "'vip' = ANY(tags)"),
        ("tag=pilot&tag=none", "'pilot' = ANY(tags)"),
        ("owner=00000000-0000-0000-0000-000000000001", "owner_id = '00000000-0000-0000-0000-000000000001'"),
        ("plan=free&region=eu-1&status=active", "plan_id = 'free' AND region = 'eu-1' AND status = 'active'"),
        ("q=university&status=active", "name LIKE 'University%' AND status = 'active'"),
        ("q=university&status=active&sort=-updated", "name LIKE 'University%' AND status = 'active'"),
    ] {
        let expected: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM tenant WHERE {sql}")))
                .fetch_one(&admin)
                .await
                .expect("count");
        let all = walk(&cx, &format!("rows=25&{url}"), async |_| ()).await;
        assert_eq!(all.len() as i64, expected, "{url}");
        assert!(expected > 0 && expected < 200, "{url} tests something");
        assert_eq!(open(&cx, url).await.page.total, Total::Exact(expected), "{url}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn views_count_what_they_list(admin: PgPool) {
    fleet(&admin, 140).await;
    let (_, cx) = operator(&admin).await;
    let page = open(&cx, "").await;
    assert_eq!(page.views.len(), View::ALL.len());
    for view in page.views {
        let list =
            directory(&cx, &model::directory::Query::of(view.filter.clone()).pairs()).await.expect("a list");
        assert_eq!(list.page.total, view.total, "{:?}", view.view);
        let all = walk(
            &cx,
            &format!("rows=25&{}", model::directory::Query::of(view.filter).to_query()),
            async |_| (),
        )
        .await;
        assert_eq!(Total::Exact(all.len() as i64), view.total, "{:?}", view.view);
        assert!(!all.is_empty(), "{:?}", view.view);
    }
    create(&cx, NewTenant::named("One more", PlanId::Free)).await.expect("made");
    let page = open(&cx, "").await;
    assert_eq!(page.views[0].total, Total::Exact(141), "a write of this process is counted at once");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_big_fleet_is_not_counted_to_its_end(admin: PgPool) {
    fleet(&admin, 999).await;
    sqlx::query("INSERT INTO tenant (id, slug, name, status, plan_id) SELECT md5('b' || g)::uuid, 'big-' || g, 'Big Academy ' || g, 'active', 'free' FROM generate_series(1, 10100) g")
        .execute(&admin)
        .await
        .expect("tenants");
    let (_, cx) = operator(&admin).await;
    let page = open(&cx, "plan=free").await;
    assert_eq!(page.page.total.to_string(), "more than 10\u{202f}000");
    assert_eq!(page.views[0].total, Total::AtLeast(10_000));
    assert_eq!(open(&cx, "q=academy").await.page.total, Total::AtLeast(1_000));
    assert_eq!(
        open(&cx, "q=college").await.page.total,
        Total::Exact(666),
        "not in the first window of names, but in the list"
    );
    assert_eq!(open(&cx, "q=academy+10077").await.page.total, Total::Exact(1), "too rare for the window");
    assert_eq!(open(&cx, "q=university&sort=-name&status=active").await.page.rows.len(), 50);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_best_match_stands_on_top(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    for (name, slug, domain) in [
        ("The Acme Fan Club", "fans", "fans.example"),
        ("Zebra", "acme", "zebra.example"),
        ("Acme Holdings", "holdings", "holdings.example"),
        ("Zoo", "zoo", "acme.example"),
        ("Fundação Acmeística", "fundacao-acme", "fa.example"),
        ("100% Acme_Works", "works", "works.example"),
        ("Other", "other", "other.example"),
    ] {
        let new = NewTenant {
            slug: slug.into(),
            domain: domain.into(),
            external_id: format!("CRM-{slug}"),
            ..NewTenant::named(name, PlanId::Free)
        };
        create(&cx, new).await.expect("made");
    }
    let found = async |q: &str| slugs(&open(&cx, &format!("q={q}")).await);
    assert_eq!(
        found("acme").await,
        ["acme", "holdings", "zoo", "works", "fundacao-acme", "fans"],
        "exact, name, domain, anywhere"
    );
    assert_eq!(found("ACME+holdings").await, ["holdings"]);
    assert_eq!(found("club+fan").await, ["fans"], "words in any order");
    assert_eq!(found("zebra.example").await, ["acme"]);
    assert_eq!(found("CRM-other").await, ["other"]);
    assert_eq!(found("funda%C3%A7%C3%A3o").await, ["fundacao-acme"]);
    assert_eq!(found("FUNDACAO").await, ["fundacao-acme"], "the slug knows the name without its marks");
    assert_eq!(found("zo").await, ["zoo"], "two letters: the beginning of a word");
    assert_eq!(found("%25").await, Vec::<String>::new(), "a wildcard is a letter");
    assert_eq!(found("100%25").await, ["works"]);
    assert_eq!(found("nowhere").await, Vec::<String>::new());
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM tenant WHERE slug = 'other'").fetch_one(&admin).await.expect("id");
    assert_eq!(found(&id.to_string()).await, ["other"]);
    for sort in ["name", "-created"] {
        assert_eq!(slugs(&open(&cx, &format!("q=CRM-other&sort={sort}")).await), ["other"]);
        assert_eq!(slugs(&open(&cx, &format!("q={id}&sort={sort}")).await), ["other"]);
    }
    let hits = search_quick(&cx, " acme ").await.expect("hits");
    assert_eq!(hits.iter().map(|hit| hit.slug.as_str()).collect::<Vec<_>>(), found("acme").await);
    assert!(search_quick(&cx, "  ").await.expect("nothing").is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn nothing_found_says_what_is_near(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    assert!(open(&cx, "").await.is_unused());
    fleet(&admin, 42).await;
    // What another process wrote is counted two seconds later; a new one sees it at once.
    let (_, cx) = operator(&admin).await;
    let page = open(&cx, "status=suspended&region=mars-1").await;
    assert!(page.page.rows.is_empty() && !page.is_unused());
    assert_eq!(page.page.total, Total::Exact(0));
    let hints: Vec<_> = page.hints.iter().map(|hint| (hint.key.as_str(), hint.total)).collect();
    assert_eq!(hints, [("region", Total::Exact(6))], "without the status there is still nothing");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_broken_cursor_is_the_first_page(admin: PgPool) {
    fleet(&admin, 60).await;
    let (_, cx) = operator(&admin).await;
    let first = open(&cx, "rows=25").await;
    let next = first.page.next.clone().expect("more");
    for url in [
        "rows=25&after=nonsense".to_owned(),
        "rows=25&before=e30".to_owned(),
        format!("rows=25&sort=health&after={next}"),
    ] {
        let page = open(&cx, &url).await;
        assert_eq!(page.from, 1, "{url}");
        assert_eq!(page.ignored.len(), 1, "{url}");
    }
    let last = walk(&cx, "rows=25", async |_| ()).await;
    assert_eq!(last.len(), 60);
    // Back from a page whose predecessors went away: the first page.
    let second = open(&cx, &format!("rows=25&after={next}")).await;
    let previous = second.page.previous.expect("a way back");
    sqlx::query("DELETE FROM tenant WHERE slug = ANY($1)")
        .bind(&slugs(&first)[..20])
        .execute(&admin)
        .await
        .expect("gone");
    let back = open(&cx, &format!("rows=25&before={previous}")).await;
    assert_eq!((back.from, back.page.rows.len()), (1, 25));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_fleet_is_not_for_everybody(admin: PgPool) {
    let (services, _) = operator(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("tenant");
    let inside = testing::member(&services, tenant, Role::TenantAdmin);
    assert!(matches!(directory(&inside, &[]).await, Err(Error::Forbidden(_))));
    assert!(matches!(search_quick(&inside, "acme").await, Err(Error::Forbidden(_))));
    assert!(matches!(export(&inside, &[]).await, Err(Error::Forbidden(_))));
    assert!(matches!(may_create(&inside).await, Err(Error::Forbidden(_))));
    let auditor = testing::platform(&services, Role::Auditor);
    assert_eq!(slugs(&open(&auditor, "").await), ["acme"]);
    assert!(!open(&auditor, "").await.may_create);
    assert!(matches!(may_create(&auditor).await, Err(Error::Forbidden(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM audit_entry WHERE result = 'denied'").await, 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tag_is_offered_however_many_came_later(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let tagged = NewTenant { tags: vec!["seldom".into()], ..NewTenant::named("First", PlanId::Free) };
    create(&cx, tagged).await.expect("made");
    fleet(&admin, 5_100).await;
    let tags = open(&cx, "").await.facets.tags;
    assert!(tags.iter().any(|tag| tag == "seldom"), "{tags:?}");
    assert!(tags.is_sorted(), "{tags:?}");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_export_is_the_list(admin: PgPool) {
    fleet(&admin, 2_100).await;
    let (_, cx) = operator(&admin).await;
    // A filter that is not understood would export everything: nothing leaves.
    let wrong = [("status".to_owned(), "zzz".to_owned())];
    assert!(
        matches!(export(&cx, &wrong).await, Err(Error::Invalid(e)) if e.get("").is_some_and(|why| why.contains("status=zzz")))
    );
    create(&cx, NewTenant { slug: "evil".into(), ..NewTenant::named("=cmd|'/c calc'!A1", PlanId::Free) })
        .await
        .expect("made");
    for url in ["sort=-health", "status=active&region=eu-1", "q=college", ""] {
        let pairs = decode(url);
        let mut export = export(&cx, &pairs).await.expect("begun");
        let mut file = Vec::new();
        while let Some(part) = export.next().await.expect("a part") {
            file.extend(part);
        }
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let slugs: Vec<String> =
            reader.records().map(|record| record.expect("a row")[1].to_owned()).collect();
        let sql = match url {
            "" | "sort=-health" => "SELECT count(*) FROM tenant",
            "q=college" => "SELECT count(*) FROM tenant WHERE name LIKE 'College%'",
            _ => "SELECT count(*) FROM tenant WHERE status = 'active' AND region = 'eu-1'",
        };
        assert_eq!(slugs.len() as i64, count(&admin, sql).await, "{url}");
        let text = String::from_utf8(file).expect("UTF-8");
        assert!(!text.contains("\n=cmd"), "a formula");
        assert!(!url.is_empty() || text.contains("'=cmd"), "guarded");
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM audit_entry WHERE action = 'tenant.export'").await, 4);
    assert!(matches!(
        crate::audit::verify(&cx, TenantId::PLATFORM).await,
        Ok(crate::audit::Verified::Sound(4))
    ));
}
