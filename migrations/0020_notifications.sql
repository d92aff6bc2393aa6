-- The outbox: what happened in the life of a tenant, written in the transaction of the change itself, so that a notice
-- is due exactly when the change is true. A worker turns each row into deliveries, once, and never forgets one.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.notification (
  -- The nil id is the platform. No foreign key: a notice outlives its tenant.
  tenant_id  uuid NOT NULL,
  id         uuid NOT NULL,
  -- A word of model::notifications::Event; no list here, so that a new word needs no lock on a full table.
  event      text NOT NULL CHECK (event ~ '^[a-z_]+\.[a-z_]+$'),
  data       jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
  -- The tenant as it was right after the change: slug, name, status, plan. NULL for the platform.
  tenant     jsonb,
  actor_id   uuid,
  actor_name text NOT NULL,
  request_id text NOT NULL,
  at         timestamptz NOT NULL DEFAULT now(),
  -- How far its deliveries are: counted at the claim, so that a row that kills its worker is parked all the same.
  attempts   smallint NOT NULL DEFAULT 0,
  next_at    timestamptz NOT NULL DEFAULT now(),
  fanned_at  timestamptz,
  parked_at  timestamptz,
  problem    text,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notification_waiting ON notification (next_at, id) WHERE fanned_at IS NULL AND parked_at IS NULL;
CREATE INDEX notification_by_time ON notification (id DESC);
CALL isolate('notification', 'tenant_id');
-- A tenant's transaction may say what happened, and nothing else: what becomes of it is the platform's work.
GRANT SELECT, INSERT ON notification TO steward_tenant;
GRANT SELECT, INSERT, UPDATE ON notification TO steward_operator;
-- Sign-up and sign-in happen before anyone is known.
CREATE POLICY system_writes ON notification FOR INSERT TO steward_system WITH CHECK (true);
GRANT INSERT ON notification TO steward_system;
RESET ROLE;
