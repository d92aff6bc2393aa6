-- A template for tenants that begin with nothing of ours: no fields, no tasks, no plan; only the policies that nobody is
-- without, so that what provisioning has to prove of a tenant can be proven of this one as well. Where somebody has made
-- a template of this key or name already, that one stays.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
WITH made AS (
  INSERT INTO template (id, key, name, description, tenant_type, industry, compliance, created_by)
  VALUES ('01930000-0000-7000-8000-000000000104', 'blank', 'Blank', 'Nothing but the default policies for sign-in and sessions. Fields, tasks and settings are added at the tenant, one by one.', 'standard', NULL, 'none', 'Steward')
  ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO template_version (template_id, version, state, bundle, notes, created_by, published_by, published_at)
SELECT id, 1, 'published',
  '{
   "plan": null,
   "fields": [],
   "tasks": [],
   "settings": [
    {"key": "security.sign_in", "value": "password", "locked": false},
    {"key": "security.mfa", "value": "optional", "locked": false},
    {"key": "security.password_min_length", "value": 12, "locked": false},
    {"key": "security.session_idle_minutes", "value": 30, "locked": false},
    {"key": "security.session_max_hours", "value": 12, "locked": false}],
   "checklists": [{"key": "onboarding", "version": 1}, {"key": "offboarding", "version": 1}]}',
  'First version.', 'Steward', 'Steward', now()
FROM made;
RESET ROLE;
