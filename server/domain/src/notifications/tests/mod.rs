//! Notices from the change to the receiver, against a mail server and receivers that are really there.

mod hooks;
mod log;
mod mails;
mod outbox;
mod plan_requests;
mod withdrawn;

use crate::ctx::{Ctx, Deployment, Services};
use crate::testing::{self, http::Receiver, smtp::Catcher};
use crate::webhooks;
use model::permission::Role;
use model::webhooks::NewSecret;
use model::{TenantId, UserId};
use sqlx::PgPool;
use std::time::Duration;

/// A tenant with an admin, a member and somebody who looks after it; an operator; and nobody else.
struct World {
    admin: PgPool,
    services: Services,
    tenant: TenantId,
}

impl World {
    async fn new(admin: &PgPool, deployment: Deployment) -> Self {
        let services = testing::services_with(admin, deployment).await;
        let tenant = testing::tenant(admin, "acme").await.expect("a tenant");
        let world = Self { admin: admin.clone(), services, tenant };
        for (n, name, role) in
            [(1, "ada", Some("operator")), (2, "ines", None), (3, "max", None), (4, "sue", Some("success"))]
        {
            world.person(n, name, role).await;
        }
        for (n, role) in [(2, "tenant_admin"), (3, "tenant_member")] {
            world.member(tenant, n, role).await;
        }
        sqlx::query("UPDATE tenant SET owner_id = $1, name = 'Acme & Söhne' WHERE id = $2")
            .bind(uuid::Uuid::from_u128(4))
            .bind(tenant)
            .execute(admin)
            .await
            .expect("an owner");
        world
    }

    async fn person(&self, n: u128, name: &str, role: Option<&str>) -> UserId {
        let id = uuid::Uuid::from_u128(n);
        sqlx::query("INSERT INTO user_account (id, email, name, password_hash, platform_role) VALUES ($1, $2, $3, 'x', $4)")
            .bind(id)
            .bind(format!("{name}@example.com"))
            .bind(name)
            .bind(role)
            .execute(&self.admin)
            .await
            .expect("a person");
        UserId(id)
    }

    async fn member(&self, tenant: TenantId, n: u128, role: &str) {
        sqlx::query("INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, $3)")
            .bind(tenant)
            .bind(uuid::Uuid::from_u128(n))
            .bind(role)
            .execute(&self.admin)
            .await
            .expect("a member");
    }

    fn operator(&self) -> Ctx {
        testing::platform(&self.services, Role::Operator)
    }

    fn tenant_admin(&self) -> Ctx {
        testing::member(&self.services, self.tenant, Role::TenantAdmin)
    }

    /// Suspends and lets the worker do what is due.
    async fn suspend(&self) {
        let form = crate::tenants::Suspend {
            code: "payment_failure",
            note: "unpaid since May",
            scope: "read_only",
            message: "",
        };
        crate::tenants::suspend(&self.operator(), self.tenant, 1, form).await.expect("suspended");
        self.drain().await;
    }

    async fn drain(&self) -> usize {
        super::drain(&self.services.system("test")).await.expect("drained")
    }

    /// Lets the time of the next attempts come.
    async fn later(&self) {
        sqlx::query("UPDATE delivery SET next_at = now(), claimed_until = NULL WHERE state = 'waiting'")
            .execute(&self.admin)
            .await
            .expect("later");
    }

    /// State, attempts and problem of every delivery, by recipient.
    async fn states(&self) -> Vec<(String, String, i16, Option<String>)> {
        sqlx::query_as("SELECT recipient, state, attempts, problem FROM delivery ORDER BY recipient, id")
            .fetch_all(&self.admin)
            .await
            .expect("deliveries")
    }

    async fn audited(&self, action: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1")
            .bind(action)
            .fetch_one(&self.admin)
            .await
            .expect("a count")
    }

    async fn hook(&self, tenant: Option<TenantId>, name: &str, url: &str) -> NewSecret {
        let form = webhooks::Form { name, url, every: true, events: &[] };
        webhooks::create(&self.operator(), tenant, &form).await.expect("an endpoint")
    }
}

fn with_mail(catcher: &Catcher) -> Deployment {
    let step = Duration::from_millis(800);
    let server = super::mail::Server::with_limit(&catcher.url(), "Steward <steward@example.com>", step, step);
    Deployment { mail: Some(server.expect("a mail server")), ..testing::deployment() }
}

/// What the reference implementation of the specification says about everything that came in.
fn verify(receiver: &Receiver, secret: &str) -> usize {
    let reference = standardwebhooks::Webhook::new(secret).expect("a secret of the specification");
    let received = receiver.received();
    for call in &received {
        reference.verify(&call.body, &call.headers).expect("a good signature");
        let mut tampered = call.body.clone();
        tampered[0] ^= 1;
        assert!(reference.verify(&tampered, &call.headers).is_err(), "another body");
        let mut moved = call.headers.clone();
        moved.insert("webhook-id", "msg_other".parse().expect("a value"));
        assert!(reference.verify(&call.body, &moved).is_err(), "another id");
        let mut late = call.headers.clone();
        late.insert("webhook-timestamp", "1600000000".parse().expect("a value"));
        assert!(reference.verify(&call.body, &late).is_err(), "another time");
    }
    received.len()
}
