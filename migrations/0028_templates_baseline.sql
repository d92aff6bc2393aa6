-- The baseline of seeds/000 with the default configuration of seeds/004, and two variants: for regulated customers, and
-- for sales teams on the telephone (R34). Tasks are disabled unless the template says why not.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
INSERT INTO template (id, key, name, description, tenant_type, industry, compliance, created_by) VALUES
  ('01930000-0000-7000-8000-000000000101', 'baseline', 'Baseline', 'The known baseline of every tenant: all four groups of fields and the four prebuilt tasks, disabled until the tenant’s administrators enable them.', 'standard', NULL, 'none', 'Steward'),
  ('01930000-0000-7000-8000-000000000102', 'regulated', 'Regulated care', 'For customers whose conversations hold health data: strict sign-in and sessions that the tenant cannot loosen, short retention, its own encryption key, no sales fields.', 'enterprise', 'Healthcare', 'hipaa', 'Steward'),
  ('01930000-0000-7000-8000-000000000103', 'voice-sales', 'Voice sales floor', 'For sales teams on the telephone: summaries and sentiment run from the first call, more requests per minute, recordings kept for half a year.', 'standard', 'Sales', 'gdpr', 'Steward');

INSERT INTO template_version (template_id, version, state, bundle, notes, created_by, published_by, published_at) VALUES
  ('01930000-0000-7000-8000-000000000101', 1, 'published',
  '{
   "plan": "starter",
   "fields": ["csat", "sentiment", "top_issues", "escalation_reason", "summary", "topic", "call_reason", "outcome", "lead_score", "objections", "competitors", "next_actions", "language", "channel_type", "disposition"],
   "tasks": [{"key": "summary", "enabled": false}, {"key": "sentiment", "enabled": false}, {"key": "csat", "enabled": false}, {"key": "reason", "enabled": false}],
   "settings": [
    {"key": "ai.model", "value": "gpt-4o-mini", "locked": false},
    {"key": "ai.max_tokens", "value": 1000, "locked": false},
    {"key": "limits.requests_per_minute", "value": 60, "locked": false},
    {"key": "security.sign_in", "value": "password", "locked": false},
    {"key": "security.mfa", "value": "optional", "locked": false},
    {"key": "security.password_min_length", "value": 12, "locked": false},
    {"key": "security.session_idle_minutes", "value": 30, "locked": false},
    {"key": "security.session_max_hours", "value": 12, "locked": false},
    {"key": "features.basic_chat", "value": true, "locked": false},
    {"key": "retention.audio_days", "value": 90, "locked": false},
    {"key": "retention.transcript_days", "value": 365, "locked": false},
    {"key": "backup.schedule", "value": "daily", "locked": false},
    {"key": "lifecycle.trial_days", "value": 14, "locked": false}],
   "checklists": [{"key": "onboarding", "version": 1}, {"key": "offboarding", "version": 1}]}',
  'First version.', 'Steward', 'Steward', now()),
  ('01930000-0000-7000-8000-000000000102', 1, 'published',
  '{
   "plan": "enterprise",
   "fields": ["csat", "sentiment", "top_issues", "escalation_reason", "summary", "topic", "call_reason", "outcome", "language", "channel_type", "disposition"],
   "tasks": [{"key": "summary", "enabled": false}, {"key": "sentiment", "enabled": false}, {"key": "csat", "enabled": false}, {"key": "reason", "enabled": false}],
   "settings": [
    {"key": "ai.model", "value": "gpt-4o-mini", "locked": false},
    {"key": "ai.max_tokens", "value": 1000, "locked": false},
    {"key": "limits.requests_per_minute", "value": 60, "locked": false},
    {"key": "security.sign_in", "value": "password", "locked": false},
    {"key": "security.mfa", "value": "required", "locked": true},
    {"key": "security.password_min_length", "value": 14, "locked": true},
    {"key": "security.api_key_max_days", "value": 90, "locked": true},
    {"key": "security.encryption", "value": "tenant", "locked": true},
    {"key": "security.session_idle_minutes", "value": 15, "locked": true},
    {"key": "security.session_max_hours", "value": 8, "locked": true},
    {"key": "features.basic_chat", "value": true, "locked": false},
    {"key": "features.task_overrides", "value": false, "locked": false},
    {"key": "retention.audio_days", "value": 30, "locked": true},
    {"key": "retention.transcript_days", "value": 180, "locked": true},
    {"key": "retention.thread_days", "value": 180, "locked": false},
    {"key": "backup.schedule", "value": "daily", "locked": false},
    {"key": "backup.retention_days", "value": 35, "locked": true},
    {"key": "lifecycle.trial_days", "value": 14, "locked": false},
    {"key": "workflow.override_approval", "value": true, "locked": true}],
   "checklists": [{"key": "onboarding", "version": 1}, {"key": "offboarding", "version": 1}]}',
  'First version.', 'Steward', 'Steward', now()),
  ('01930000-0000-7000-8000-000000000103', 1, 'published',
  '{
   "plan": "professional",
   "fields": ["csat", "sentiment", "top_issues", "escalation_reason", "summary", "topic", "call_reason", "outcome", "lead_score", "objections", "competitors", "next_actions", "language", "channel_type", "disposition"],
   "tasks": [{"key": "summary", "enabled": true}, {"key": "sentiment", "enabled": true}, {"key": "csat", "enabled": false}, {"key": "reason", "enabled": false}],
   "settings": [
    {"key": "ai.model", "value": "gpt-4o-mini", "locked": false},
    {"key": "ai.max_tokens", "value": 2000, "locked": false},
    {"key": "limits.requests_per_minute", "value": 300, "locked": false},
    {"key": "transcription.language", "value": "auto", "locked": false},
    {"key": "security.sign_in", "value": "password", "locked": false},
    {"key": "security.mfa", "value": "optional", "locked": false},
    {"key": "security.password_min_length", "value": 12, "locked": false},
    {"key": "security.session_idle_minutes", "value": 30, "locked": false},
    {"key": "security.session_max_hours", "value": 12, "locked": false},
    {"key": "features.basic_chat", "value": true, "locked": false},
    {"key": "retention.audio_days", "value": 180, "locked": false},
    {"key": "retention.transcript_days", "value": 365, "locked": false},
    {"key": "backup.schedule", "value": "daily", "locked": false},
    {"key": "lifecycle.trial_days", "value": 14, "locked": false}],
   "checklists": [{"key": "onboarding", "version": 1}, {"key": "offboarding", "version": 1}]}',
  'First version.', 'Steward', 'Steward', now());
RESET ROLE;
