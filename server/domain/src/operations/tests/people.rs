//! The people that a new tenant is asked for with (R23): the same checks when it is asked for and when it is made.

use super::*;

fn someone(email: &str, role: Role) -> Person {
    Person { name: "Someone".into(), email: email.into(), role }
}

async fn colleague(admin: &PgPool, email: &str, role: Option<&str>, closed: bool) {
    sqlx::query(
        "INSERT INTO user_account (id, email, name, platform_role, disabled_at)
        VALUES (gen_random_uuid(), $1, 'Known', $2, CASE WHEN $3 THEN now() END)",
    )
    .bind(email)
    .bind(role)
    .bind(closed)
    .execute(admin)
    .await
    .expect("an account");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn everybody_of_the_list_is_let_in_and_invited(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let mut asked = asked("acme", Placement::Pooled);
    asked.people =
        vec![someone("bo@example.com", Role::TenantAdmin), someone("cy@example.com", Role::TenantMember)];
    let requested = request_provision(&cx, asked, None).await.expect("asked");
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(state.expect("finished"), State::Succeeded, "{}", error_of(&admin, requested.id).await);
    let members: Vec<(String, String)> = sqlx::query_as(
        "SELECT u.email, m.role FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.tenant_id = $1 ORDER BY 1",
    )
    .bind(requested.tenant)
    .fetch_all(&admin)
    .await
    .expect("members");
    let members: Vec<_> = members.iter().map(|(email, role)| (email.as_str(), role.as_str())).collect();
    assert_eq!(
        members,
        [
            ("ada@acme.example.com", "tenant_admin"),
            ("bo@example.com", "tenant_admin"),
            ("cy@example.com", "tenant_member")
        ]
    );
    for (sql, what) in [
        ("SELECT count(*) FROM notification WHERE event = 'user.invited'", "mails"),
        ("SELECT count(*) FROM audit_entry WHERE action = 'member.set' AND result = 'done'", "lines"),
    ] {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&admin).await.expect("a count");
        assert_eq!(count, 3, "{what}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn seats_and_foreign_accounts_are_checked_when_it_is_asked_for(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    colleague(&admin, "otto@example.com", Some("operator"), false).await;
    colleague(&admin, "gone@example.com", None, true).await;
    let refused = async |change: &dyn Fn(&mut ProvisionRequest)| {
        let mut asked = asked("acme", Placement::Pooled);
        change(&mut asked);
        match request_provision(&cx, asked, None).await {
            Err(Error::Invalid(errors)) => errors.0.into_iter().collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let one = |field: &str, says: &str| vec![(field.to_owned(), says.to_owned())];
    assert_eq!(
        refused(&|asked| asked.people = vec![someone("otto@example.com", Role::TenantMember)]).await,
        one("people", "otto@example.com cannot be invited.")
    );
    assert_eq!(
        refused(&|asked| asked.admin = Some(someone("Otto@example.com", Role::TenantAdmin))).await,
        one("admin_email", "otto@example.com cannot be invited.")
    );
    assert_eq!(
        refused(&|asked| asked.people = vec![someone("gone@example.com", Role::TenantMember)]).await,
        one("people", "The account of gone@example.com is closed.")
    );
    let crowd = refused(&|asked| {
        asked.plan = PlanId::Free;
        asked.people = (0..5).map(|n| someone(&format!("n{n}@example.com"), Role::TenantMember)).collect();
    })
    .await;
    assert!(
        crowd[0].0 == "people" && crowd[0].1.contains("6 people") && crowd[0].1.contains("5 seats"),
        "{crowd:?}"
    );
    let claims: i64 =
        sqlx::query_scalar("SELECT count(*) FROM name_claim").fetch_one(&admin).await.expect("a count");
    assert_eq!(claims, 0, "nothing stays taken");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_becomes_a_colleague_meanwhile_is_not_let_in(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let mut asked = asked("acme", Placement::Pooled);
    asked.people = vec![someone("bo@example.com", Role::TenantMember)];
    let requested = request_provision(&cx, asked, None).await.expect("asked");
    colleague(&admin, "bo@example.com", Some("success"), false).await;
    Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await.expect("finished");
    assert_eq!(state(&admin, requested.id).await, State::Failed);
    assert!(error_of(&admin, requested.id).await.contains("bo@example.com cannot be invited."));
    let members: i64 =
        sqlx::query_scalar("SELECT count(*) FROM member").fetch_one(&admin).await.expect("a count");
    assert_eq!(members, 0);
}
