-- The definitions of the onboarding and the offboarding checklist (R97, seeds/000, 001, 003), and what the moves of a
-- tenant's life need beside its row.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;

-- An offboarding that interrupts a suspension keeps what was suspended and why, so that cancelling goes back to it:
-- {"status_before": …, "reason": …, "note": …}.
ALTER TABLE tenant ADD COLUMN interrupted jsonb;
ALTER TABLE tenant ADD CONSTRAINT tenant_interrupted_is_said
  CHECK (status <> 'offboarding' OR status_before <> 'suspended' OR (interrupted IS NOT NULL AND suspension IS NOT NULL));

-- When the checks of a run last ran by themselves: the next ones are those that waited longest.
ALTER TABLE checklist_run ADD COLUMN swept_at timestamptz;
CREATE INDEX checklist_run_to_sweep ON checklist_run (swept_at NULLS FIRST) WHERE ended_at IS NULL;
-- Where something was counted lately, something may have become provable.
CREATE INDEX usage_hour_by_hour ON usage_hour USING brin (hour);
CREATE INDEX checklist_run_newest ON checklist_run (tenant_id, key, started_at DESC);
ALTER TABLE checklist ADD CONSTRAINT checklist_steps_are_a_list CHECK (jsonb_typeof(steps) = 'array' AND jsonb_array_length(steps) > 0);

INSERT INTO checklist (key, version, title, steps) VALUES
('onboarding', 1, 'Operator onboarding', '[
  {"key": "admin_access", "title": "Tenant created and admin access granted", "phase": "Configure", "milestone": "configured",
   "why": "Somebody of the customer can get in and take over.",
   "how": "Make a user a tenant admin and have them sign in once.",
   "owner": "Platform operator", "due_days": 2, "probe": "admin_access"},
  {"key": "ingestion", "title": "Ingestion configured (voice or text connectors)", "phase": "Configure", "milestone": "configured",
   "why": "Without a way in there is nothing to analyse.",
   "how": "Create an API key for the connector, or send a first conversation.",
   "owner": "Platform operator", "due_days": 5, "probe": "ingestion"},
  {"key": "transcription", "title": "Transcription validated (voice): transcripts exist for test calls", "phase": "Validate", "milestone": "validated",
   "why": "Analytics on calls are as good as their transcripts.",
   "how": "Send a test call and read its transcript. Waive it for a tenant without voice.",
   "owner": "Customer success", "due_days": 10, "probe": "voice_transcripts", "manual": true, "after": ["ingestion"]},
  {"key": "baseline_tasks", "title": "Global baseline AI tasks available as Disabled", "phase": "Configure", "milestone": "configured",
   "why": "The tenant starts with a known baseline and turns on what it wants.",
   "how": "Nothing to do where the four baseline tasks are published; an administrator enables them later.",
   "owner": "Platform operator", "due_days": 2, "probe": "baseline_tasks"},
  {"key": "task_runs", "title": "AI Assistant job processing confirmed", "phase": "Validate", "milestone": "validated",
   "why": "Shows that the whole way from conversation to result works for this tenant.",
   "how": "Enable a task and send a conversation it applies to.",
   "owner": "Customer success", "due_days": 10, "probe": "task_runs", "after": ["ingestion", "baseline_tasks"]},
  {"key": "dashboards", "title": "Dashboards and search available", "phase": "Hand over",
   "why": "The customer sees what it pays for.",
   "how": "Open Usage and look for the test conversations; the check sees the daily roll-up.",
   "owner": "Customer success", "due_days": 12, "probe": "usage_visible", "manual": true, "after": ["ingestion"]},
  {"key": "contacts", "title": "Support and escalation contacts established", "phase": "Hand over",
   "why": "When something breaks, nobody should have to look for a name.",
   "how": "Enter both contacts below.",
   "owner": "Customer success", "due_days": 12, "probe": "contacts"}
]'),
('offboarding', 1, 'Offboarding runbook', '[
  {"key": "notice", "title": "Notice given to the tenant’s administrators", "phase": "Notify",
   "why": "The customer knows what happens on which day, and how to get its data.",
   "how": "Send the notice with the dates above; keep a copy or a link to it.",
   "owner": "Customer success", "due_days": 0, "manual": true},
  {"key": "ingestion_off", "title": "New ingestion disabled", "phase": "Wind down",
   "why": "Nothing new may arrive that would then have to be deleted.",
   "how": "Happens with the status: an offboarding tenant is read-only and its keys cannot write. The check looks for arrivals since.",
   "owner": "Steward", "due_days": 0, "probe": "ingestion_off"},
  {"key": "processing_stopped", "title": "Processing stopped, tasks paused", "phase": "Wind down",
   "why": "Results that nobody will read cost money and touch personal data.",
   "how": "The pipeline leaves conversations of a leaving tenant as they are; the check looks for work in progress and for new runs.",
   "owner": "Steward", "due_days": 1, "probe": "processing_stopped", "after": ["ingestion_off"]},
  {"key": "export", "title": "Export offered and handed over", "phase": "Hand over",
   "why": "Data portability (GDPR Art. 20), due within 30 days.",
   "how": "Offer the export, note where it was handed over and to whom, or that it was declined.",
   "owner": "Customer success", "due_days": 30, "manual": true, "after": ["notice"]},
  {"key": "access_revoked", "title": "Access revoked: sign-in, API keys, sessions", "phase": "Close",
   "why": "After the grace period nobody of the tenant may get in.",
   "how": "Happens when the grace period ends; the check asks the same rule that refuses every request.",
   "owner": "Steward", "probe": "access_revoked", "after": ["export"]},
  {"key": "retention", "title": "Retention applied per data class", "phase": "Close",
   "why": "Audio, transcripts, fields and audit have different periods.",
   "how": "An operation of its own, after access is revoked.",
   "owner": "Steward", "after": ["access_revoked"]},
  {"key": "purge", "title": "Data deleted in every store", "phase": "Delete",
   "why": "Rows, vectors, files, backups and keys are removed with counts before and after.",
   "how": "An operation of its own; a legal hold blocks it.",
   "owner": "Steward", "after": ["retention"]},
  {"key": "verification", "title": "Deletion verified independently", "phase": "Delete",
   "why": "Every table is scanned for the tenant’s id; a key and a sign-in are tried.",
   "how": "An operation of its own, after the deletion.",
   "owner": "Steward", "after": ["purge"]},
  {"key": "certificate", "title": "Certificate of destruction issued", "phase": "Delete",
   "why": "The customer’s proof.",
   "how": "Issued only after a verification that found nothing.",
   "owner": "Platform operator", "after": ["verification"]}
]');
RESET ROLE;
