-- Moves that nobody has to make by hand (R9, R78, R87): the end of a trial, unpaid bills, and nobody coming any more.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.lifecycle_rule (
  kind       text PRIMARY KEY CHECK (kind IN ('trial_ended', 'payment_failure', 'inactivity')),
  enabled    boolean NOT NULL,
  -- After the trial's end, after the failed payment; for inactivity the setting lifecycle.inactivity_days says it.
  days       integer NOT NULL CHECK (days BETWEEN 0 AND 365),
  scope      text NOT NULL CHECK (scope IN ('read_only', 'blocked')),
  version    bigint NOT NULL DEFAULT 1
);
INSERT INTO lifecycle_rule (kind, enabled, days, scope) VALUES
  ('trial_ended', true, 0, 'read_only'), ('payment_failure', true, 7, 'read_only'), ('inactivity', false, 0, 'read_only');
-- A payment that did not come; settled when it did.
CREATE TABLE steward.payment_failure (
  tenant_id  uuid NOT NULL REFERENCES tenant (id),
  id         uuid NOT NULL,
  reference  text NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
  failed_at  timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  settled_how text,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT payment_failure_reference_key UNIQUE (tenant_id, reference),
  CONSTRAINT payment_failure_settlement_is_said CHECK ((settled_at IS NULL) = (settled_how IS NULL))
);
CREATE INDEX payment_failure_open ON payment_failure (failed_at) WHERE settled_at IS NULL;
-- Trials whose coming end was announced.
CREATE TABLE steward.trial_notice (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  ends_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, ends_at)
);
CALL isolate('payment_failure', 'tenant_id');
CALL isolate('trial_notice', 'tenant_id');
GRANT SELECT, UPDATE ON lifecycle_rule TO steward_operator;
GRANT SELECT, INSERT, UPDATE ON payment_failure TO steward_operator;
GRANT SELECT ON payment_failure TO steward_tenant;
GRANT SELECT, INSERT ON trial_notice TO steward_operator;
RESET ROLE;
