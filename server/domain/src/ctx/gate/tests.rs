//! Every service that writes inside one tenant, against every status: it does what the table says, in the words of the
//! table, and a refusal leaves no trace. A service that is not in the list here fails the test.

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::tenants::{ChangeScope, Offboard, Suspend};
use crate::webhooks::Form;
use crate::{
    api_keys, checklists, conversations, health, limits, notifications, settings, tasks, templates, tenants,
    testing, users, vectors, webhooks,
};
use model::checklists::ListKey;
use model::permission::Role;
use model::settings::Key;
use model::tasks::OverrideInput;
use model::tenants::{Action, PlanId, Status};
use model::vectors::VectorKind;
use model::work::Work;
use model::{ApiKeyId, DeliveryId, TenantId, UserId, WebhookId};
use sqlx::PgPool;
use std::path::Path;

/// What decides about a service.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Work(Work),
    Move(Action),
}

impl Rule {
    fn check(self, status: Status) -> Result<(), String> {
        match self {
            Self::Work(work) => work.check(status),
            Self::Move(action) => action.check(status),
        }
    }
}

const WRITERS: &[(&str, Rule)] = &[
    ("api_keys::create", Rule::Work(Work::Admit)),
    ("api_keys::revoke", Rule::Work(Work::Withdraw)),
    ("checklists::begin_onboarding", Rule::Work(Work::Onboard)),
    ("checklists::check_again", Rule::Work(Work::Onboard)),
    ("checklists::complete", Rule::Work(Work::Onboard)),
    ("checklists::waive", Rule::Work(Work::Onboard)),
    ("checklists::reopen", Rule::Work(Work::Record)),
    ("conversations::ingest", Rule::Work(Work::Ingest)),
    ("health::compute", Rule::Work(Work::Measure)),
    ("limits::remove", Rule::Work(Work::Record)),
    ("limits::set", Rule::Work(Work::Record)),
    ("notifications::resend", Rule::Work(Work::Record)),
    ("notifications::resend_all", Rule::Work(Work::Record)),
    ("settings::set", Rule::Work(Work::Configure)),
    ("settings::revert", Rule::Work(Work::Configure)),
    ("tasks::enable", Rule::Work(Work::Configure)),
    ("tasks::disable", Rule::Work(Work::Configure)),
    ("tasks::set_override", Rule::Work(Work::Configure)),
    ("tasks::keep_override", Rule::Work(Work::Configure)),
    ("tasks::revert", Rule::Work(Work::Configure)),
    ("templates::accept", Rule::Work(Work::Configure)),
    ("templates::apply_to", Rule::Work(Work::Configure)),
    ("templates::check_again", Rule::Work(Work::Measure)),
    ("templates::request_apply", Rule::Work(Work::Configure)),
    ("templates::take_back", Rule::Work(Work::Configure)),
    ("tenants::ask_for_plan", Rule::Move(Action::ChangePlan)),
    ("tenants::cancel_offboarding", Rule::Move(Action::CancelOffboarding)),
    ("tenants::cancel_plan_change", Rule::Work(Work::Record)),
    ("tenants::change_details", Rule::Work(Work::Record)),
    ("tenants::change_plan", Rule::Move(Action::ChangePlan)),
    ("tenants::change_scope", Rule::Move(Action::ChangeScope)),
    ("tenants::convert_trial", Rule::Move(Action::ConvertTrial)),
    ("tenants::extend_trial", Rule::Move(Action::ExtendTrial)),
    ("tenants::go_live", Rule::Move(Action::GoLive)),
    ("tenants::move_plan_change", Rule::Move(Action::ChangePlan)),
    ("tenants::payment_failed", Rule::Work(Work::Record)),
    ("tenants::payment_settled", Rule::Work(Work::Record)),
    ("tenants::reinstate", Rule::Move(Action::Reinstate)),
    ("tenants::schedule_plan_change", Rule::Move(Action::ChangePlan)),
    ("tenants::set_billing_reference", Rule::Work(Work::Record)),
    ("tenants::set_contacts", Rule::Work(Work::Record)),
    ("tenants::start_offboarding", Rule::Move(Action::StartOffboarding)),
    ("tenants::suspend", Rule::Move(Action::Suspend)),
    ("tenants::withdraw_plan_request", Rule::Work(Work::Record)),
    ("users::add_member", Rule::Work(Work::Admit)),
    ("users::invite", Rule::Work(Work::Admit)),
    ("users::invite_many", Rule::Work(Work::Admit)),
    ("users::invite_again", Rule::Work(Work::Admit)),
    ("users::withdraw_invitation", Rule::Work(Work::Withdraw)),
    ("vectors::put", Rule::Work(Work::Ingest)),
    ("vectors::remove", Rule::Work(Work::Withdraw)),
    ("webhooks::change", Rule::Work(Work::Admit)),
    ("webhooks::create", Rule::Work(Work::Admit)),
    ("webhooks::remove", Rule::Work(Work::Withdraw)),
    ("webhooks::rotate", Rule::Work(Work::Admit)),
    ("webhooks::switch", Rule::Work(Work::Withdraw)),
    ("webhooks::test", Rule::Work(Work::Admit)),
];

/// Those that decide nothing by themselves: what they write follows from the lists that are open, which the gate of
/// `checklists::apply` sorts out; they refuse nothing.
const QUIET: &[&str] = &["checklists::run_probes"];

struct Stage {
    admin: PgPool,
    cx: Ctx,
    id: TenantId,
    key: ApiKeyId,
    hook: WebhookId,
    user: UserId,
    /// Whose invitation is withdrawn.
    guest: UserId,
}

async fn stage(admin: PgPool) -> Stage {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Owner);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let key = api_keys::create(&cx, id, "first", "read").await.expect("a key").id;
    let events = ["tenant.suspended".to_owned()];
    let form = Form { name: "first", url: "https://127.0.0.1/", every: false, events: &events };
    let hook = webhooks::create(&cx, Some(id), &form).await.expect("an endpoint").id;
    let user = users::invite(&cx, id, "ina@example.com", "Ina", "tenant_member").await.expect("invited");
    let guest = users::invite(&cx, id, "gus@example.com", "Gus", "tenant_member").await.expect("invited");
    let mut tx = cx.begin(Reach::Fleet).await.expect("a transaction");
    for list in [ListKey::Onboarding, ListKey::Offboarding] {
        checklists::start(tx.conn(), list, &[id]).await.expect("a list");
    }
    tx.commit_unaudited("a stage").await.expect("committed");
    Stage { admin, cx, id, key, hook, user, guest }
}

impl Stage {
    /// Puts the tenant into a status, as if its way there had been legal.
    async fn put(&self, status: Status) {
        sqlx::query(
            "UPDATE tenant SET status = $2, status_before = 'active', suspension = CASE WHEN $2 = 'suspended' THEN 'read_only' END,
                status_reason = 'customer_request', grace_ends_at = now() + interval '3 days', interrupted = NULL WHERE id = $1",
        )
        .bind(self.id)
        .bind(status)
        .execute(&self.admin)
        .await
        .expect("a status");
    }

    async fn version(&self) -> i64 {
        sqlx::query_scalar("SELECT version FROM tenant WHERE id = $1")
            .bind(self.id)
            .fetch_one(&self.admin)
            .await
            .expect("a version")
    }

    /// Everything the database holds of tenants, in one word.
    async fn everything(&self) -> String {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname IN ('steward', 'pooled') ORDER BY 1",
        )
        .fetch_all(&self.admin)
        .await
        .expect("tables");
        let mut all = String::new();
        for table in tables {
            let sql = format!(
                "SELECT '{table} ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') || ' ' FROM {table} t"
            );
            let part: String =
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.admin).await.expect("a sum");
            all.push_str(&part);
        }
        all
    }

    async fn call(&self, name: &str) -> Result<()> {
        let (cx, id) = (&self.cx, self.id);
        let version = self.version().await;
        let no_delivery = DeliveryId(uuid::Uuid::nil());
        let events = ["tenant.suspended".to_owned()];
        let form = Form { name: "second", url: "https://127.0.0.1/", every: false, events: &events };
        let input = OverrideInput {
            prompt_mode: "override".into(),
            prompt: "Mine".into(),
            filters_mode: "inherit".into(),
            reason: "because".into(),
            version: "0".into(),
            base: "1".into(),
            ..OverrideInput::default()
        };
        let talk = br#"{"id":"c1","turns":[{"speaker":"customer","text":"Hello"}]}"#;
        let onboarding = ListKey::Onboarding;
        match name {
            "api_keys::create" => api_keys::create(cx, id, "second", "read").await.map(drop),
            "api_keys::revoke" => api_keys::revoke(cx, id, self.key, "lost").await.map(drop),
            "checklists::begin_onboarding" => checklists::begin_onboarding(cx, id).await,
            "checklists::check_again" => {
                checklists::check_again(cx, id, onboarding, "ingestion").await.map(drop)
            }
            "checklists::complete" => {
                checklists::complete(cx, id, onboarding, "dashboards", "seen", "").await
            }
            "checklists::waive" => checklists::waive(cx, id, onboarding, "dashboards", "why").await,
            "checklists::reopen" => checklists::reopen(cx, id, ListKey::Offboarding, "notice", "why").await,
            "conversations::ingest" => {
                let parsed = conversations::parse(talk).expect("a conversation");
                conversations::ingest(cx, id, vec![parsed]).await.map(drop)
            }
            "health::compute" => health::compute(cx, id).await.map(drop),
            "limits::remove" => limits::remove(cx, id, "users", 0, "why").await.map(drop),
            "limits::set" => {
                let input = model::limits::LimitInput {
                    meter: "users".into(),
                    limit: "50".into(),
                    reason: "why".into(),
                    ..Default::default()
                };
                limits::set(cx, id, 0, &input).await.map(drop)
            }
            "notifications::resend" => notifications::resend(cx, Some(id), no_delivery).await.map(drop),
            "notifications::resend_all" => notifications::resend_all(cx, Some(id), None).await.map(drop),
            "settings::set" => settings::set(cx, id, Key::AiModel, "other", false, "why", 0).await.map(drop),
            "settings::revert" => settings::revert(cx, id, Key::AiModel, "why", 0).await,
            "tasks::enable" => tasks::enable(cx, id, "summary").await.map(drop),
            "tasks::disable" => tasks::disable(cx, id, "summary").await.map(drop),
            "tasks::set_override" => tasks::set_override(cx, id, "summary", &input).await,
            "tasks::keep_override" => tasks::keep_override(cx, id, "summary", 0, 1).await,
            "tasks::revert" => tasks::revert(cx, id, "summary", None, 0, "why").await,
            "templates::accept" => {
                let asked = templates::Accept {
                    item: "task:summary",
                    expected: "",
                    actual: "",
                    reason: "why",
                    until: "",
                };
                templates::accept(cx, id, &asked).await
            }
            "templates::apply_to" => templates::apply_to(cx, id, "standard", 1, "why").await.map(drop),
            "templates::request_apply" => {
                templates::request_apply(cx, id, "standard", 1, "why").await.map(drop)
            }
            "templates::check_again" => templates::check_again(cx, id).await.map(drop),
            "templates::take_back" => templates::take_back(cx, id, "task:summary", "why").await,
            "tenants::ask_for_plan" => {
                let form =
                    tenants::AskForPlan { from: "professional", plan: "enterprise", reason: "we grow" };
                let asker = testing::member(cx.services(), id, Role::TenantAdmin);
                tenants::ask_for_plan(&asker, id, form).await.map(drop)
            }
            "tenants::withdraw_plan_request" => tenants::withdraw_plan_request(cx, id, 1).await,
            "tenants::cancel_offboarding" => tenants::cancel_offboarding(cx, id, version, "they stay").await,
            "tenants::cancel_plan_change" => tenants::cancel_plan_change(cx, id, 1, "why").await,
            "tenants::move_plan_change" => {
                let at = cx.now() + chrono::TimeDelta::days(9);
                tenants::move_plan_change(cx, id, 1, at, "why").await
            }
            "tenants::change_details" => {
                let input = model::details::DetailsInput {
                    name: "Acme Ltd".into(),
                    reason: "why".into(),
                    ..Default::default()
                };
                tenants::change_details(cx, id, version, &input).await
            }
            "tenants::change_plan" => tenants::change_plan(cx, id, version, "enterprise", "").await.map(drop),
            "tenants::change_scope" => {
                let form = ChangeScope { scope: "blocked", reason: "why", message: "" };
                tenants::change_scope(cx, id, version, form).await.map(drop)
            }
            "tenants::convert_trial" => tenants::convert_trial(cx, id, version, "signed").await.map(drop),
            "tenants::extend_trial" => tenants::extend_trial(cx, id, version, "+30", "slow").await.map(drop),
            "tenants::go_live" => {
                // Its list must be complete before its status is looked at.
                sqlx::query("UPDATE checklist_item SET state = 'passed' WHERE tenant_id = $1 AND run_id IN (SELECT id FROM checklist_run WHERE key = 'onboarding')")
                    .bind(id)
                    .execute(&self.admin)
                    .await?;
                tenants::go_live(cx, id, version).await
            }
            "tenants::reinstate" => tenants::reinstate(cx, id, version, "paid").await.map(drop),
            "tenants::payment_failed" => {
                let failed = tenants::rules::FailedPayment { reference: "bill 7", ..Default::default() };
                tenants::rules::payment_failed(cx, id, failed).await
            }
            "tenants::payment_settled" => tenants::rules::payment_settled(cx, id, "bill 7", "by card").await,
            "tenants::schedule_plan_change" => {
                let at = cx.now() + chrono::TimeDelta::days(3);
                tenants::schedule_plan_change(cx, id, PlanId::Enterprise, "", at).await.map(drop)
            }
            "tenants::set_billing_reference" => tenants::set_billing_reference(cx, id, version, "PO 7").await,
            "tenants::set_contacts" => tenants::set_contacts(cx, id, version, "Ann", "Bob").await,
            "tenants::start_offboarding" => {
                let form = Offboard { code: "customer_request", note: "n", confirm: "acme", confirm_now: "" };
                tenants::start_offboarding(cx, id, version, form).await
            }
            "tenants::suspend" => {
                let form = Suspend { code: "inactivity", note: "n", scope: "blocked", ..Suspend::default() };
                tenants::suspend(cx, id, version, form).await.map(drop)
            }
            "users::add_member" => users::add_member(cx, id, self.user, Role::TenantAdmin).await,
            "users::invite" => {
                users::invite(cx, id, "eve@example.com", "Eve", "tenant_member").await.map(drop)
            }
            "users::invite_many" => users::invite_many(cx, id, "Lou,lou@example.com,member").await.map(drop),
            "users::invite_again" => users::invite_again(cx, id, self.user).await.map(drop),
            "users::withdraw_invitation" => users::withdraw_invitation(cx, id, self.guest).await.map(drop),
            "vectors::put" => {
                let item = vectors::Item {
                    kind: VectorKind::Document,
                    id: uuid::Uuid::nil(),
                    embedding: vectors::embed("Hello").unwrap_or_default(),
                    label: "one".into(),
                    meta: serde_json::json!({}),
                };
                vectors::put(cx, id, &item).await
            }
            "vectors::remove" => {
                vectors::remove(cx, id, VectorKind::Document, uuid::Uuid::nil()).await.map(drop)
            }
            "webhooks::change" => webhooks::change(cx, Some(id), self.hook, None, &form).await.map(drop),
            "webhooks::create" => webhooks::create(cx, Some(id), &form).await.map(drop),
            "webhooks::remove" => webhooks::remove(cx, Some(id), self.hook, "why").await.map(drop),
            "webhooks::rotate" => webhooks::rotate(cx, Some(id), self.hook).await.map(drop),
            "webhooks::switch" => webhooks::switch(cx, Some(id), self.hook, false).await.map(drop),
            "webhooks::test" => webhooks::test(cx, Some(id), self.hook).await.map(drop),
            other => panic!("{other} is not walked"),
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_writing_service_does_in_every_status_what_the_table_says(admin: PgPool) {
    let stage = stage(admin).await;
    for status in Status::ALL {
        stage.put(*status).await;
        // Only what is refused, so that what it finds afterwards must be what it found before.
        stage.call("tenants::go_live").await.ok();
        stage.put(*status).await;
        let before = stage.everything().await;
        for (name, rule) in WRITERS {
            let Err(why) = rule.check(*status) else { continue };
            match stage.call(name).await {
                // A suspended tenant's programs are told so in their own way.
                Err(Error::Suspended(_)) if *name == "conversations::ingest" => {}
                Err(Error::Conflict(said)) => assert_eq!(said, why, "{name} while {}", status.as_str()),
                other => panic!("{name} while {}: {other:?}", status.as_str()),
            }
        }
        assert_eq!(stage.everything().await, before, "a refusal while {} left something", status.as_str());
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn no_writing_service_is_refused_where_the_table_allows_it(admin: PgPool) {
    let stage = stage(admin).await;
    let mut done = 0;
    for status in Status::ALL {
        for (name, rule) in WRITERS {
            if rule.check(*status).is_err() {
                continue;
            }
            stage.put(*status).await;
            match stage.call(name).await {
                Ok(()) => done += 1,
                // Refused for another reason: there is no such thing (any more), or it is so already.
                Err(Error::Conflict(said)) => {
                    for other in Status::ALL {
                        assert_ne!(
                            Some(said.clone()),
                            rule.check(*other).err(),
                            "{name} while {}",
                            status.as_str()
                        );
                    }
                }
                Err(Error::NotFound | Error::Invalid(_)) => {}
                Err(error) => panic!("{name} while {}: {error}", status.as_str()),
            }
        }
    }
    assert!(done > 40, "only {done} calls did anything: the walk proves too little");
}

/// A tombstone has open lists, as one that was purged while a run was open might; the worker walks over it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_sweep_of_checks_writes_nothing_to_a_tombstone(admin: PgPool) {
    let stage = stage(admin).await;
    stage.put(Status::Deleted).await;
    let before = stage.everything().await;
    for name in QUIET {
        assert_eq!(*name, "checklists::run_probes");
        checklists::run_probes(&stage.cx, stage.id).await.expect("nothing to do");
    }
    assert_eq!(stage.everything().await, before);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_suspension_waits_for_who_is_writing_and_who_writes_next_sees_it(admin: PgPool) {
    let stage = stage(admin).await;
    let held = stage.cx.begin_in(stage.id, Work::Configure).await.expect("held");
    let (cx, id, version) = (stage.cx.clone(), stage.id, stage.version().await);
    let form = Suspend { code: "inactivity", note: "n", scope: "blocked", ..Suspend::default() };
    let suspension = tokio::spawn(async move { tenants::suspend(&cx, id, version, form).await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!suspension.is_finished(), "it waits for the writer");
    drop(held);
    suspension.await.expect("a task").expect("suspended");
    assert!(matches!(stage.cx.begin_in(stage.id, Work::Ingest).await, Err(Error::Conflict(_))));
}

/// Services by their text: a public function about one tenant that opens a transaction to write.
fn services_in(directory: &Path, top: &Path, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).expect("sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            services_in(&path, top, out);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let module = path.strip_prefix(top).expect("inside").iter().next().unwrap_or_default();
        let module = module.to_string_lossy().trim_end_matches(".rs").to_owned();
        for part in text.split("pub async fn ").skip(1) {
            let Some((name, rest)) = part.split_once('(') else { continue };
            let parameters: String = rest.split(')').next().unwrap_or_default().split_whitespace().collect();
            let about_one = ["tenant:TenantId", "id:TenantId", "tenant:Option<TenantId>"]
                .iter()
                .any(|p| parameters.starts_with(&format!("cx:&Ctx,{p}")));
            let body = rest.split("\n}\n").next().unwrap_or_default();
            let writes = [
                "begin(",
                "begin_in(",
                "begin_about(",
                "enter(",
                "decide(",
                "decide_once(",
                "open(cx",
                "switch(cx",
                "apply(cx",
                "take_in(cx",
            ]
            .iter()
            .any(|word| body.contains(word));
            if about_one && writes {
                out.push(format!("{module}::{name}"));
            }
        }
    }
}

#[test]
fn no_writing_service_is_missing_from_the_walk() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    services_in(&top, &top, &mut found);
    found.retain(|name| !name.starts_with("isolation::") && !name.starts_with("ctx::"));
    found.sort();
    found.dedup();
    let mut listed: Vec<String> =
        WRITERS.iter().map(|(name, _)| *name).chain(QUIET.iter().copied()).map(str::to_owned).collect();
    listed.sort();
    assert_eq!(found, listed);
}

/// Where a transaction inside a tenant may begin past the gate: counters and the pipeline's own work on rows that are
/// there, the probe of isolation, the smoke test of a tenant that is being made, and the line that somebody took the
/// audit log away as a file, which is allowed whatever the status.
#[test]
fn transactions_inside_a_tenant_begin_at_the_gate() {
    const PAST: &[&str] =
        &["api_keys/mod.rs", "audit/export.rs", "isolation/probe.rs", "pipeline/mod.rs", "pipeline/smoke.rs"];
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut past = Vec::new();
    let mut stack = vec![top.clone()];
    while let Some(directory) = stack.pop() {
        for entry in std::fs::read_dir(directory).expect("sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                stack.push(path);
                continue;
            }
            let name = path.strip_prefix(&top).expect("inside").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if !name.contains("tests") && text.contains(".begin(Reach::Tenant(") {
                past.push(name);
            }
        }
    }
    past.sort();
    assert_eq!(past, PAST);
}
