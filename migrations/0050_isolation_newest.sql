-- The newest evidence of each tenant's isolation in a row of its own (R127): how the fleet stands is read from it, without
-- a look at every run that there ever was. A server of the version before keeps runs without it; the next run of the
-- tenant makes that good.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
-- Milliseconds; older runs do not know.
ALTER TABLE steward.isolation_run ADD COLUMN took_ms integer;
-- It refers to the run, which refers to the tenant: nothing of the table of tenants is locked meanwhile.
CREATE TABLE steward.isolation_newest (
  tenant_id uuid PRIMARY KEY,
  run_id    uuid NOT NULL,
  at        timestamptz NOT NULL,
  failed    smallint NOT NULL,
  CONSTRAINT isolation_newest_run FOREIGN KEY (tenant_id, run_id) REFERENCES isolation_run (tenant_id, id) ON DELETE CASCADE
);
-- Who has waited longest, and who is not proven.
CREATE INDEX isolation_newest_by_age ON isolation_newest (at);
CREATE INDEX isolation_newest_failing ON isolation_newest (at) WHERE failed > 0;
CALL isolate('isolation_newest', 'tenant_id');
GRANT SELECT, INSERT, UPDATE ON isolation_newest TO steward_operator;
RESET ROLE;
