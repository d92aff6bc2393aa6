//! A site of one test: the router without a socket, people of every role, a browser that keeps its session.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::{Services, testing};
use leptos::config::LeptosOptions;
use model::TenantId;
use model::permission::Role;
use server::router::{ANSWER_TIME, Parts, router};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery";

pub struct Site {
    pub app: Router,
    pub services: Services,
    pub admin: PgPool,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of a cookie that this answer sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(
            |cookie| {
                let (key, value) = cookie.split(';').next()?.split_once('=')?;
                (key == name).then(|| value.to_owned())
            },
        )
    }
}

/// A request to be, as a browser or a program would send it.
pub struct Call {
    method: Method,
    uri: String,
    headers: Vec<(String, String)>,
    body: String,
}

pub fn get(uri: &str) -> Call {
    Call { method: Method::GET, uri: uri.into(), headers: vec![], body: String::new() }
        .with("accept", "text/html")
}

/// A form of a page.
pub fn form(page: &str, name: &str, fields: &str) -> Call {
    post(page, &format!("_form={name}&{fields}")).with("accept", "text/html")
}

pub fn post(uri: &str, body: &str) -> Call {
    let call = Call { method: Method::POST, uri: uri.into(), headers: vec![], body: body.into() };
    call.with("content-type", "application/x-www-form-urlencoded")
        .with("host", "steward.example")
        .with("origin", "http://steward.example")
}

impl Call {
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Adds a header; an empty value removes it.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(key, _)| key != name);
        if !value.is_empty() {
            self.headers.push((name.into(), value.into()));
        }
        self
    }

    /// With the session of this token.
    pub fn by(self, token: &str) -> Self {
        self.with("cookie", &format!("session={token}"))
    }

    pub fn build(self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let peer: SocketAddr = ([192, 0, 2, 1], 4000).into();
        request.extension(ConnectInfo(peer)).body(Body::from(self.body)).expect("a request")
    }
}

impl Site {
    pub async fn new(admin: PgPool) -> Self {
        Self::with(admin, false).await
    }

    pub async fn with(admin: PgPool, https: bool) -> Self {
        // A test says what is answered; how soon is the business of the bench.
        Self::built(admin, https, 10 * ANSWER_TIME).await
    }

    pub async fn answering_within(admin: PgPool, time: Duration) -> Self {
        Self::built(admin, false, time).await
    }

    async fn built(admin: PgPool, https: bool, answer_time: Duration) -> Self {
        let services = testing::services(&admin).await;
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../public");
        let options = LeptosOptions::builder().output_name("steward").site_root(root).build();
        let proxies = [].into();
        let parts = Parts {
            services: services.clone(),
            options,
            https,
            proxies,
            secret: vec![7; 32],
            turns: 4,
            answer_time,
            tasks: TaskTracker::new(),
        };
        Self { app: router(&parts), services, admin }
    }

    pub async fn send(&self, call: Call) -> Answer {
        let response = self.app.clone().oneshot(call.build()).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 8 * 1024 * 1024).await.expect("a body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub async fn tenant(&self, slug: &str) -> TenantId {
        testing::tenant(&self.admin, slug).await.expect("a tenant")
    }

    /// Makes a person; a tenant role needs the tenant.
    pub async fn person(&self, email: &str, role: Role, tenant: Option<TenantId>) {
        let cx = self.services.system("test");
        let platform = role.is_platform().then_some(role);
        let user = domain::users::create_user(&cx, email, "Test Person", Some(PASSWORD), platform)
            .await
            .expect("a person");
        if let Some(tenant) = tenant {
            domain::users::add_member(&cx, tenant, user, role).await.expect("a member");
        }
    }

    /// Signs in through the form and answers the token.
    pub async fn sign_in(&self, email: &str) -> String {
        let fields = format!("email={}&password={}", email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let answer = self.send(form("/sign-in", "sign_in", &fields)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{email}: {}", answer.body);
        answer.cookie("session").expect("a session")
    }

    /// A new person of this role, signed in.
    pub async fn signed_in(&self, role: Role, tenant: Option<TenantId>) -> String {
        let email = format!(
            "{}-{}@example.com",
            role.as_str().replace('_', "-"),
            tenant.map_or_else(|| "p".into(), |t| t.0.simple().to_string())
        );
        self.person(&email, role, tenant).await;
        self.sign_in(&email).await
    }

    pub async fn count(&self, what: &'static str) -> i64 {
        sqlx::query_scalar(what).fetch_one(&self.admin).await.expect("a count")
    }

    /// Audit lines of what was done.
    pub async fn done(&self) -> i64 {
        self.count("SELECT count(*) FROM audit_entry WHERE result = 'done'").await
    }

    /// A fingerprint of everything that a call could have changed, besides what every call may: audit, counters, and when
    /// somebody was last seen.
    pub async fn state(&self) -> Vec<(String, String)> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('steward', 'pooled')
               AND c.relname NOT IN ('audit_entry', 'audit_head', 'sign_in_throttle') ORDER BY 1",
        )
        .fetch_all(&self.admin)
        .await
        .expect("tables");
        let sum = |table: &String| {
            let row = match table.as_str() {
                "steward.session" | "steward.user_account" => {
                    "(to_jsonb(t) - 'last_seen_at' - 'idle_until')::text"
                }
                _ => "t::text",
            };
            format!(
                "SELECT '{table}', coalesce(md5(string_agg({row}, '|' ORDER BY {row})), '') FROM {table} t"
            )
        };
        let sums: Vec<String> = tables.iter().map(sum).collect();
        let sql = sums.join(" UNION ALL ") + " ORDER BY 1";
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.admin).await.expect("sums")
    }
}
