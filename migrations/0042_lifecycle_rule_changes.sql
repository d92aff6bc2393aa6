-- The rules of lifecycle can be changed and say who did (R9, R78); before a suspension the tenant's people are told. A
-- payment that did not come says how much it was and who noted it.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE steward.lifecycle_rule
  -- So many days before the trial's end, or before the suspension; 0: nobody is told.
  ADD COLUMN notice_days integer NOT NULL DEFAULT 3 CHECK (notice_days BETWEEN 0 AND 90),
  ADD COLUMN changed_by text,
  ADD COLUMN changed_at timestamptz,
  ADD COLUMN reason text;
UPDATE lifecycle_rule SET notice_days = 14 WHERE kind = 'inactivity';
ALTER TABLE steward.payment_failure
  ADD COLUMN amount text CHECK (length(amount) BETWEEN 1 AND 40),
  ADD COLUMN recorded_by text,
  ADD COLUMN settled_by text;
-- Notices that were given, each once: for a payment or an idle time that began at `since`.
CREATE TABLE steward.rule_notice (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  kind      text NOT NULL CHECK (kind IN ('payment_failure', 'inactivity')),
  since     timestamptz NOT NULL,
  given_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, kind, since)
);
CALL isolate('rule_notice', 'tenant_id');
GRANT SELECT, INSERT ON rule_notice TO steward_operator;
RESET ROLE;
