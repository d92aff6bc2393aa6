//! What the samples of some doors need to find: a person, an operation in the right state, a tenant that is suspended.
//! Each is made on a tenant of its own just before its call, so that no sample depends on what ran before it.

use crate::site::Site;
use model::TenantId;
use sqlx::AssertSqlSafe;

/// The id that samples name where the noun is not a tenant.
const NINE: &str = "00000000-0000-0000-0000-000000000009";
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// Stands in every text of the tenant that [`mark`] has marked.
pub const WORD: &str = "zanzibar";

/// Lays on this tenant the key and the operation that samples name, and writes [`WORD`] into every text that a door could
/// tell of it: whoever is no part of it must not read that anywhere.
pub async fn mark(site: &Site, tenant: TenantId) {
    let sql = format!(
        "UPDATE tenant SET name = 'Zanzibar', billing_reference = 'Zanzibar', industry = 'Zanzibar' WHERE id = '{tenant}';
         UPDATE user_account SET name = 'Zanzibar', email = 'zanzibar@example.com'
             WHERE id = '00000000-0000-0000-0000-0000000000a1';
         UPDATE webhook SET name = 'Zanzibar', url = 'https://zanzibar.example.com/' WHERE tenant_id = '{tenant}';
         UPDATE notification SET actor_name = 'Zanzibar' WHERE tenant_id = '{tenant}';
         UPDATE delivery SET recipient = 'https://zanzibar.example.com/', problem = 'Zanzibar' WHERE tenant_id = '{tenant}';
         INSERT INTO api_key (tenant_id, id, name, secret_hash, access, created_by)
             VALUES ('{tenant}', '{ZERO}', 'Zanzibar', decode(repeat('00', 32), 'hex'), 'read', 'Zanzibar');
         {}
         {}",
        settled(tenant, NINE),
        evidence(tenant)
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&site.admin).await.expect("a marked tenant");
}

/// An operation that rests, so that whoever follows it is told at once and let go.
pub async fn rest(site: &Site, tenant: TenantId, id: &str) {
    sqlx::raw_sql(AssertSqlSafe(settled(tenant, id))).execute(&site.admin).await.expect("an operation");
}

/// A run of the isolation probe.
fn evidence(tenant: TenantId) -> String {
    format!(
        "INSERT INTO isolation_run (tenant_id, id, trigger, build, server_version, catalogue_hash, placement, passed, failed, attempts)
         VALUES ('{tenant}', '{NINE}', 'schedule', 'Zanzibar', 'Zanzibar', 'Zanzibar', 'pooled', 1, 0,
             '[{{\"name\": \"Zanzibar\", \"expected\": \"rows 0\", \"actual\": \"rows 0\", \"passed\": true}}]')"
    )
}

fn settled(tenant: TenantId, id: &str) -> String {
    format!(
        "INSERT INTO operation (tenant_id, id, kind, state, subject, payload, reason, requested_by, requested_by_name, request_id)
         VALUES ('{tenant}', '{id}', 'suspend', 'succeeded', 'zanzibar', '{{}}', 'Zanzibar', '{{\"System\": {{\"name\": \"test\"}}}}', 'Zanzibar', 'test');"
    )
}

/// The statements that lay the ground for this function's sample, if it needs any.
fn statements(function: &str, tenant: TenantId) -> Option<String> {
    let operation = |state: &str| {
        format!(
            "INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id)
             VALUES ('{tenant}', '{NINE}', 'suspend', '{state}', 'fresh', '{{}}', '{{\"System\": {{\"name\": \"test\"}}}}', 'test', 'test')"
        )
    };
    let person = |role: &str| {
        format!(
            "INSERT INTO user_account (id, email, name, platform_role) VALUES ('{NINE}', 'nine@example.com', 'Nine', '{role}')
             ON CONFLICT (id) DO UPDATE SET platform_role = '{role}', disabled_at = NULL"
        )
    };
    let rollout = |state: &str| {
        format!(
            "DELETE FROM rollout_tenant WHERE rollout_id = '{NINE}'; DELETE FROM rollout WHERE id = '{NINE}';
             INSERT INTO rollout (id, template_id, version, state, wave, waves, reason, created_by)
             SELECT '{NINE}', id, 1, '{state}', 1, 2, 'test', 'test' FROM template WHERE key = 'regulated';
             DELETE FROM operation WHERE id = '{NINE}';
             INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id)
             SELECT id, '{NINE}', 'apply_template', 'succeeded', 'acme', '{{}}', '{{}}', 'test', 'test' FROM tenant WHERE slug = 'acme';
             INSERT INTO rollout_tenant (tenant_id, rollout_id, wave, operation_id) SELECT id, '{NINE}', 1, '{NINE}' FROM tenant WHERE slug = 'acme';
             INSERT INTO rollout_tenant (tenant_id, rollout_id, wave) VALUES ('{tenant}', '{NINE}', 2)"
        )
    };
    let import = || {
        format!(
            "INSERT INTO tenant_import (id, file_name) VALUES ('{NINE}', 'nine.csv') ON CONFLICT DO NOTHING;
             INSERT INTO tenant_import_row (import_id, line, slug, name, region, plan_id, tags, problems)
             VALUES ('{NINE}', 2, 'nine', 'Nine', 'eu-1', 'free', '{{}}', '{{}}') ON CONFLICT DO NOTHING"
        )
    };
    let on_baseline = || {
        format!(
            "INSERT INTO tenant_template (tenant_id, template_id, version, applied_by)
             SELECT '{tenant}', id, 1, 'test' FROM template WHERE key = 'baseline'"
        )
    };
    let key = || {
        format!(
            "INSERT INTO api_key (tenant_id, id, name, secret_hash, access, created_by)
             VALUES ('{tenant}', '{ZERO}', 'Nine', decode(repeat('00', 32), 'hex'), 'read', 'test')"
        )
    };
    let platform_key = || {
        format!(
            "INSERT INTO platform_key (id, name, role, secret_hash, created_by, expires_at)
             VALUES ('{ZERO}', 'Nine', 'auditor', decode(repeat('00', 32), 'hex'), 'test', now() + interval '9 days') ON CONFLICT DO NOTHING"
        )
    };
    let signup_page = || {
        "DELETE FROM signup; DELETE FROM signup_page WHERE slug = 'sample';
         INSERT INTO signup_page (id, slug, name, colour, template_id, plan_id, placement, region, trial_days, daily_limit, approval, open, created_by)
         SELECT gen_random_uuid(), 'sample', 'Sample', 'blue', id, 'free', 'pooled', 'eu-1', 14, 5, false, true, 'test' FROM template WHERE key = 'baseline'".to_owned()
    };
    let onboarding = |state: &str| {
        format!(
            "INSERT INTO checklist_run (tenant_id, id, key, version) VALUES ('{tenant}', '{NINE}', 'onboarding', 1);
             INSERT INTO checklist_item (tenant_id, run_id, step, state)
             SELECT '{tenant}', '{NINE}', step->>'key', '{state}' FROM checklist, jsonb_array_elements(steps) AS step
             WHERE key = 'onboarding' AND version = 1"
        )
    };
    // A draft is its owner's alone: whoever has signed in last.
    let draft = || {
        let request = model::operations::ProvisionRequest {
            template: "baseline".into(),
            ..model::operations::ProvisionRequest::named("Drafted", model::tenants::PlanId::Free)
        };
        let request = serde_json::to_string(&request).unwrap_or_default();
        format!(
            "DELETE FROM tenant_draft WHERE id = '{NINE}';
             INSERT INTO tenant_draft (id, owner_id, request, reached, expires_at)
             SELECT '{NINE}', user_id, '{request}', 4, now() + interval '1 day' FROM session ORDER BY created_at DESC LIMIT 1"
        )
    };
    // A preview is its owner's alone as well.
    let bulk = |operation: &str| {
        format!(
            "DELETE FROM bulk WHERE id = '{NINE}';
             INSERT INTO bulk (id, owner_id, owner_name, work, whom, list, shown_at, missing, total, eligible, expires_at, operation_id)
             SELECT '{NINE}', user_id, 'test', '{{\"action\": \"suspend\", \"code\": \"inactivity\", \"scope\": \"read_only\"}}', 'ticked', '', now(), 0, 1, 1,
                now() + interval '1 day', {operation} FROM session ORDER BY created_at DESC LIMIT 1;
             INSERT INTO bulk_item (tenant_id, bulk_id, seq, version, state) VALUES ('{tenant}', '{NINE}', 1, 1, 'waiting')"
        )
    };
    Some(match function {
        "get_person" | "renew_person_link" | "set_person_role" | "close_person" | "end_person_sessions" => {
            person("success")
        }
        "get_draft"
        | "save_draft_template"
        | "save_draft_identity"
        | "save_draft_plan"
        | "save_draft_people"
        | "discard_tenant_draft"
        | "submit_tenant_draft" => draft(),
        "get_signup_page" | "get_signup_form" | "change_signup_page" | "switch_signup_page" | "get_signup_door"
        | "register_signup" => signup_page(),
        "get_tenant_import" | "apply_tenant_import" => import(),
        "get_api_key" | "revoke_api_key" => key(),
        "get_platform_key" | "revoke_platform_key" => platform_key(),
        // Whoever waits there waits in acme as well: their account stays.
        "withdraw_invitation" => format!(
            "INSERT INTO member (tenant_id, user_id, role) VALUES ('{tenant}', '00000000-0000-0000-0000-0000000000a1', 'tenant_member')"
        ),
        "settle_payment" => format!(
            "INSERT INTO payment_failure (tenant_id, id, reference, failed_at) VALUES ('{tenant}', gen_random_uuid(), 'Invoice 1', now())"
        ),
        "set_tenant_limit" => format!("DELETE FROM tenant_limit WHERE tenant_id = '{tenant}'"),
        "remove_tenant_limit" => format!(
            "DELETE FROM tenant_limit WHERE tenant_id = '{tenant}';
             INSERT INTO tenant_limit (tenant_id, meter, kind, hard, reason, set_by, version) VALUES ('{tenant}', 'users', 'number', 500, 'test', 'test', 1)"
        ),
        "get_isolation_evidence" => evidence(tenant),
        "get_bulk" | "start_bulk" => bulk("NULL"),
        "get_bulk_outcome" => bulk(&format!("'{NINE}'")),
        // It is the key's that has frozen it.
        "bulk by key" => bulk("NULL").replace("user_id,", "id,").replace("FROM session", "FROM platform_key"),
        "get_operation" | "cancel_operation" => again(&operation("queued")),
        "approve_operation" | "reject_operation" => again(&operation("requested")),
        "retry_operation" | "roll_back_operation" => again(&operation("failed")),
        "cancel_plan_change" | "move_plan_change" => format!(
            "DELETE FROM operation WHERE id = '{NINE}';
             INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id, run_after)
             VALUES ('{tenant}', '{NINE}', 'change_plan', 'queued', 'fresh', '{{\"version\": null, \"from\": \"professional\", \"to\": \"free\", \"scheduled\": \"2099-01-01T00:00:00Z\"}}', '{{}}', 'test', 'test', '2099-01-01')"
        ),
        "withdraw_plan_request" => format!(
            "DELETE FROM operation WHERE id = '{NINE}';
             INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id)
             VALUES ('{tenant}', '{NINE}', 'change_plan', 'requested', 'fresh', '{{\"version\": null, \"from\": \"professional\", \"to\": \"enterprise\", \"note\": \"test\", \"by_tenant\": true}}', '{{}}', 'test', 'test')"
        ),
        "discard_template_draft" => "UPDATE template_version v SET state = 'published', published_by = 'test', published_at = now()
             FROM template t WHERE t.id = v.template_id AND t.key = 'sample';
             INSERT INTO template_version (template_id, version, state, bundle, created_by)
             SELECT v.template_id, 2, 'draft', v.bundle, 'test' FROM template_version v JOIN template t ON t.id = v.template_id WHERE t.key = 'sample'".into(),
        "get_rollout" | "pause_rollout" | "cancel_rollout" | "advance_rollout" => rollout("running"),
        "resume_rollout" => rollout("paused"),
        "change_suspension_scope" | "reinstate_tenant" => format!(
            "UPDATE tenant SET status = 'suspended', status_before = 'active', status_reason = 'inactivity', suspension = 'read_only' WHERE id = '{tenant}'"
        ),
        "check_alignment" | "accept_difference" => on_baseline(),
        "take_back_acceptance" => format!(
            "{};
             INSERT INTO alignment_acceptance (tenant_id, item, expected, actual, reason, accepted_by)
             VALUES ('{tenant}', 'checklist:onboarding', 'Version 1', 'Not started', 'test', 'test')",
            on_baseline()
        ),
        "convert_trial" | "extend_trial" => format!(
            "UPDATE tenant SET status = 'trial', trial_ends_at = now() + interval '3 days' WHERE id = '{tenant}'"
        ),
        "cancel_offboarding" => format!(
            "UPDATE tenant SET status = 'offboarding', status_before = 'active', status_reason = 'contract_end', grace_ends_at = now() + interval '9 days'
             WHERE id = '{tenant}'"
        ),
        "waive_item" => onboarding("open"),
        "go_live" => onboarding("waived"),
        // A tenant of its own is all it needs: what it leaves there would stand in the way of others.
        "schedule_plan_change" => "SELECT 1".into(),
        _ => return None,
    })
}

/// Operations of one id on several tenants: only the newest is there.
fn again(insert: &str) -> String {
    format!("DELETE FROM operation WHERE id = '{NINE}'; {insert}")
}

/// Lays the ground on a tenant of its own and answers its slug; none where the sample needs nothing.
pub async fn lay(site: &Site, function: &str, slug: &str) -> Option<String> {
    statements(function, TenantId::PLATFORM)?;
    let tenant = site.tenant(slug).await;
    let sql = statements(function, tenant)?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&site.admin)
        .await
        .unwrap_or_else(|why| panic!("{function}: {why}"));
    Some(slug.to_owned())
}
