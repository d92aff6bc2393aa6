//! A list of invitations: who is refused and why, seats, and that nothing is done twice or half.

use super::*;
use crate::ctx::Services;
use crate::testing;
use crate::users::invite::A_DAY;
use crate::users::{invite, invite_again};
use model::people::PEOPLE_MAX;
use model::permission::Role;
use sqlx::PgPool;

struct World {
    admin: PgPool,
    services: Services,
    tenant: TenantId,
}

impl World {
    /// A tenant with one member, and a colleague of the platform, a closed account and somebody from elsewhere.
    async fn new(admin: &PgPool) -> Self {
        let services = testing::services(admin).await;
        let tenant = testing::tenant(admin, "acme").await.expect("a tenant");
        for (n, email, role, closed) in [
            (11_u128, "max@example.com", None, false),
            (12, "otto@example.com", Some("operator"), false),
            (13, "gone@example.com", None, true),
            (14, "nils@example.com", None, false),
        ] {
            sqlx::query(
                "INSERT INTO user_account (id, email, name, password_hash, platform_role, disabled_at)
                VALUES ($1, $2, 'Known', 'x', $3, CASE WHEN $4 THEN now() END)",
            )
            .bind(uuid::Uuid::from_u128(n))
            .bind(email)
            .bind(role)
            .bind(closed)
            .execute(admin)
            .await
            .expect("an account");
        }
        sqlx::query("INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, 'tenant_member')")
            .bind(tenant)
            .bind(uuid::Uuid::from_u128(11))
            .execute(admin)
            .await
            .expect("a member");
        Self { admin: admin.clone(), services, tenant }
    }

    fn operator(&self) -> Ctx {
        testing::platform(&self.services, Role::Operator)
    }

    fn tenant_admin(&self) -> Ctx {
        testing::member(&self.services, self.tenant, Role::TenantAdmin)
    }

    async fn count(&self, of: &'static str) -> i64 {
        sqlx::query_scalar(of).fetch_one(&self.admin).await.expect("a count")
    }

    /// Members, invitations in the audit log, and mails to write.
    async fn done(&self) -> (i64, i64, i64) {
        (
            self.count("SELECT count(*) FROM member").await,
            self.count("SELECT count(*) FROM audit_entry WHERE action = 'member.invite' AND result = 'done'")
                .await,
            self.count("SELECT count(*) FROM notification WHERE event = 'user.invited'").await,
        )
    }
}

fn fates(invitations: &Invitations) -> Vec<(u32, Fate, &str)> {
    invitations.lines.iter().map(|line| (line.line, line.fate, line.why.as_str())).collect()
}

const LIST: &str = "name,email,role\n\
    New One,New@Example.com,admin\n\
    Max,max@example.com,member\n\
    Otto,otto@example.com,member\n\
    Gone,gone@example.com,member\n\
    Nils,nils@example.com,member\n\
    Wrong,wrong,member\n\
    Twice,new@example.com,member\n\
    Two,two@example.com\n";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_list_is_previewed_and_then_done_line_by_line(admin: PgPool) {
    let world = World::new(&admin).await;
    let (cx, tenant) = (world.operator(), world.tenant);
    let preview = preview_invitations(&cx, tenant, LIST).await.expect("a preview");
    let expected = [
        (2, Fate::Invite, ""),
        (3, Fate::Member, MEMBER),
        (4, Fate::Refused, PLATFORM),
        (5, Fate::Refused, CLOSED),
        (6, Fate::Invite, ""),
        (7, Fate::Refused, "“wrong” is not an e-mail address."),
        (8, Fate::Refused, "“new@example.com” is on line 2 already."),
        (9, Fate::Invite, ""),
    ];
    assert_eq!(fates(&preview), expected);
    assert_eq!(preview.seats, Some(Seats { all: 100, taken: 1 }));
    assert_eq!(preview.text, LIST);
    assert_eq!(world.done().await, (1, 0, 0), "looking changes nothing");

    let outcome = invite_many(&cx, tenant, LIST).await.expect("invited");
    assert_eq!(fates(&outcome), expected, "as it was told");
    assert_eq!(outcome.seats, Some(Seats { all: 100, taken: 4 }));
    assert_eq!(world.done().await, (4, 3, 3), "a line and a mail for each");
    let left: Vec<_> = outcome.text.lines().collect();
    assert_eq!(left.len(), 5, "the head and what is to be mended: {left:?}");
    let role: String = sqlx::query_scalar(
        "SELECT m.role FROM member m JOIN user_account u ON u.id = m.user_id WHERE u.email = 'new@example.com'",
    )
    .fetch_one(&admin)
    .await
    .expect("a member");
    assert_eq!(role, "tenant_admin");

    // Sent again, it invites nobody twice.
    let again = invite_many(&cx, tenant, LIST).await.expect("nothing to do");
    assert_eq!((again.count(Fate::Invite), again.count(Fate::Member)), (0, 4));
    assert_eq!(world.done().await, (4, 3, 3));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenants_own_people_learn_nothing_of_accounts_elsewhere_by_looking(admin: PgPool) {
    let world = World::new(&admin).await;
    let (cx, tenant) = (world.tenant_admin(), world.tenant);
    let preview = preview_invitations(&cx, tenant, LIST).await.expect("a preview");
    let told: Vec<_> = preview.lines.iter().map(|line| line.fate).collect();
    let (invite, refused) = (Fate::Invite, Fate::Refused);
    assert_eq!(told, [invite, Fate::Member, invite, invite, invite, refused, refused, invite]);
    // Doing it says so, in the words of a single invitation, and the log says who did it.
    let outcome = invite_many(&cx, tenant, LIST).await.expect("invited");
    for line in [4, 5, 6] {
        let one = outcome.lines.iter().find(|one| one.line == line).expect("the line");
        assert_eq!((one.fate, one.why.as_str()), (Fate::Refused, ELSEWHERE));
    }
    assert_eq!(world.done().await, (3, 2, 2));
    let asked = async || -> Vec<Option<String>> {
        sqlx::query_scalar(
            "SELECT after->>'elsewhere' FROM audit_entry WHERE action = 'member.invite_refused' AND result = 'done'",
        )
        .fetch_all(&admin)
        .await
        .expect("lines")
    };
    let three = Some("3".to_owned());
    assert_eq!(asked().await, std::slice::from_ref(&three));
    // Also where nobody is invited.
    let again = invite_many(&cx, tenant, &outcome.text).await.expect("nobody");
    assert_eq!(again.count(Fate::Invite), 0);
    assert_eq!((world.done().await, asked().await), ((3, 2, 2), vec![three.clone(), three.clone()]));
    // Without a seat nothing is said of anybody.
    sqlx::query("UPDATE tenant SET plan_id = 'free'").execute(&admin).await.expect("five seats");
    let full = "A,a@example.com\nB,b@example.com\nNils,nils@example.com\n";
    let full = invite_many(&cx, tenant, full).await.expect("two of them");
    assert_eq!((full.count(Fate::Invite), full.lines[2].why.as_str()), (2, "No seat of the plan is left."));
    assert_eq!(asked().await.len(), 2);
}

/// So many invitations of somebody, sent just now.
async fn sent(admin: &PgPool, tenant: TenantId, by: u128, many: i64) {
    sqlx::query(
        "INSERT INTO notification (tenant_id, id, event, data, actor_id, actor_name, request_id)
        SELECT $1, gen_random_uuid(), 'user.invited', '{}'::jsonb, $2, 'Test', 'test' FROM generate_series(1, $3)",
    )
    .bind(tenant)
    .bind(uuid::Uuid::from_u128(by))
    .bind(many)
    .execute(admin)
    .await
    .expect("invitations");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenants_own_people_invite_so_many_a_day(admin: PgPool) {
    let world = World::new(&admin).await;
    let (cx, tenant) = (world.tenant_admin(), world.tenant);
    sent(&admin, tenant, 11, A_DAY - 1).await;
    // What people of the platform have sent is not theirs.
    sent(&admin, tenant, 12, A_DAY).await;
    let two = "A,a@example.com\nNils,nils@example.com\n";
    let refused = invite_many(&cx, tenant, two).await;
    assert!(matches!(&refused, Err(Error::Conflict(why)) if why.contains("today")), "{refused:?}");
    assert_eq!(world.done().await.0, 1, "none of them");
    assert_eq!(invite_many(&cx, tenant, "A,a@example.com").await.expect("the last").count(Fate::Invite), 1);
    assert!(matches!(invite_many(&cx, tenant, "B,b@example.com").await, Err(Error::Conflict(_))));
    let known = invite_many(&cx, tenant, "Max,max@example.com").await.expect("a member is no invitation");
    assert_eq!(known.count(Fate::Member), 1);
    let operator =
        invite_many(&world.operator(), tenant, "B,b@example.com").await.expect("not for operators");
    assert_eq!(operator.count(Fate::Invite), 1);
    sqlx::query("UPDATE notification SET at = at - interval '25 hours'")
        .execute(&admin)
        .await
        .expect("the next day");
    assert_eq!(invite_many(&cx, tenant, "C,c@example.com").await.expect("again").count(Fate::Invite), 1);
}

/// One by one is no way around the limit of lists, nor around its audit line.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn single_invitations_have_the_limit_and_the_audit_line_of_lists(admin: PgPool) {
    let world = World::new(&admin).await;
    let (cx, tenant) = (world.tenant_admin(), world.tenant);
    let one = async |cx: &Ctx, email: &str| invite(cx, tenant, email, "N", "tenant_member").await;
    let refused = || {
        sqlx::query_as::<_, (String, String)>(
            "SELECT target, after->>'elsewhere' FROM audit_entry WHERE action = 'member.invite_refused' AND result = 'done' ORDER BY seq",
        )
        .fetch_all(&admin)
    };
    // Told of an account elsewhere: the log says who asked, and about whom.
    for email in ["nils@example.com", "Otto@example.com"] {
        let told = one(&cx, email).await;
        assert!(
            matches!(&told, Err(Error::Invalid(errors)) if errors.get("email") == Some(ELSEWHERE)),
            "{told:?}"
        );
    }
    let line = |email: &str| (email.to_owned(), "1".to_owned());
    let both = [line("nils@example.com"), line("otto@example.com")];
    assert_eq!(refused().await.expect("lines"), both);
    // Nobody else is told of accounts elsewhere: not of a member, and the platform's people see them anyway.
    assert!(matches!(one(&cx, "max@example.com").await, Err(Error::Invalid(_))));
    assert!(matches!(one(&world.operator(), "otto@example.com").await, Err(Error::Invalid(_))));
    assert_eq!(refused().await.expect("lines"), both);
    assert_eq!(world.done().await, (1, 0, 0), "nobody was invited");

    // The two that were refused count as well.
    sent(&admin, tenant, 11, A_DAY - 3).await;
    let last = one(&cx, "a@example.com").await.expect("the last");
    for email in ["b@example.com", "nils@example.com"] {
        let full = one(&cx, email).await;
        assert!(matches!(&full, Err(Error::Conflict(why)) if why.contains("today")), "{email}: {full:?}");
    }
    assert!(matches!(invite_many(&cx, tenant, "B,b@example.com").await, Err(Error::Conflict(_))), "together");
    let again = invite_again(&cx, tenant, last).await;
    assert!(matches!(&again, Err(Error::Conflict(why)) if why.contains("today")), "{again:?}");
    invite_again(&world.operator(), tenant, last).await.expect("not for the platform’s people");
    assert_eq!(refused().await.expect("lines"), both, "nothing was told");
    let member = one(&cx, "max@example.com").await;
    assert!(
        matches!(&member, Err(Error::Invalid(errors)) if errors.get("email") == Some(MEMBER)),
        "{member:?}"
    );
    one(&world.operator(), "b@example.com").await.expect("not for the platform’s people");
    sqlx::query("UPDATE notification SET at = at - interval '25 hours'")
        .execute(&admin)
        .await
        .expect("the next day");
    one(&cx, "c@example.com").await.expect("again");
    invite_again(&cx, tenant, last).await.expect("again");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn seats_go_to_those_who_stand_first(admin: PgPool) {
    let world = World::new(&admin).await;
    let (cx, tenant) = (world.operator(), world.tenant);
    sqlx::query("UPDATE tenant SET plan_id = 'free'").execute(&admin).await.expect("five seats");
    let list: String = (0..6).map(|n| format!("N,n{n}@example.com\n")).collect();
    let outcome = invite_many(&cx, tenant, &list).await.expect("four of them");
    assert_eq!((outcome.count(Fate::Invite), outcome.count(Fate::Refused)), (4, 2));
    assert_eq!(outcome.text, "N,n4@example.com\nN,n5@example.com\n");
    assert_eq!(seats(&cx, tenant).await.expect("seats").map(Seats::left), Some(0));
    let full = preview_invitations(&cx, tenant, &outcome.text).await.expect("a preview");
    assert_eq!(full.lines[0].why, "No seat of the plan is left.");
    sqlx::query("UPDATE tenant SET plan_id = 'enterprise'").execute(&admin).await.expect("no limit");
    let rest = invite_many(&cx, tenant, &outcome.text).await.expect("the rest");
    assert_eq!((rest.count(Fate::Invite), rest.seats, rest.text.as_str()), (2, None, ""));
    let many: String = (0..PEOPLE_MAX).map(|n| format!("M,m{n}@example.com\n")).collect();
    let all = invite_many(&cx, tenant, &many).await.expect("as many as there may be");
    assert_eq!(all.count(Fate::Invite), 500);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn lists_are_for_those_who_may_invite(admin: PgPool) {
    let world = World::new(&admin).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let list = "New,new@example.com";
    for (cx, tenant) in [
        (testing::member(&world.services, world.tenant, Role::TenantMember), world.tenant),
        (testing::platform(&world.services, Role::Auditor), world.tenant),
    ] {
        assert!(matches!(seats(&cx, tenant).await, Err(Error::Forbidden(_))));
        assert!(matches!(preview_invitations(&cx, tenant, list).await, Err(Error::Forbidden(_))));
        assert!(matches!(invite_many(&cx, tenant, list).await, Err(Error::Forbidden(_))));
    }
    let cx = world.tenant_admin();
    assert!(matches!(seats(&cx, other).await, Err(Error::NotFound)));
    assert!(matches!(preview_invitations(&cx, other, list).await, Err(Error::NotFound)));
    assert!(matches!(invite_many(&cx, other, list).await, Err(Error::NotFound)));
    for bad in ["", " \n\r\n", "name,email,role\n"] {
        for answer in
            [preview_invitations(&cx, world.tenant, bad).await, invite_many(&cx, world.tenant, bad).await]
        {
            assert!(
                matches!(answer, Err(Error::Invalid(errors)) if errors.get("people").is_some()),
                "{bad:?}"
            );
        }
    }
    let many = "N,n@example.com\n".repeat(PEOPLE_MAX + 1);
    assert!(matches!(invite_many(&cx, world.tenant, &many).await, Err(Error::Invalid(_))));
    sqlx::query("UPDATE tenant SET status = 'offboarded'").execute(&admin).await.expect("over");
    let over = invite_many(&world.operator(), world.tenant, list).await;
    assert!(matches!(over, Err(Error::Conflict(_))), "{over:?}");
    assert_eq!(world.done().await, (1, 0, 0));
}
