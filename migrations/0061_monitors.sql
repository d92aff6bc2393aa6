-- Monitors are looked at (R24): what each of them found, and whose turn it is next. A version that does not know it goes on
-- as before; a monitor that it sets up has its turn from the next hour on.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
SET LOCAL lock_timeout = '5s';
-- The one alert of a tenant and kind is its monitor in the state `raised`. Written when that changes, not at every look.
ALTER TABLE monitor
  ADD COLUMN state text NOT NULL DEFAULT 'new' CONSTRAINT monitor_state_check CHECK (state IN ('new', 'calm', 'raised')),
  -- Looks in a row that speak for the other state.
  ADD COLUMN streak smallint NOT NULL DEFAULT 0,
  -- Why it was raised, in words.
  ADD COLUMN said text NOT NULL DEFAULT '',
  ADD COLUMN raised_at timestamptz;
CREATE INDEX monitor_raised ON monitor (raised_at) WHERE state = 'raised';
-- One small row for each tenant, so that a look costs one write and not one for each monitor. No reference to the tenant:
-- its table is locked by nothing here.
CREATE TABLE steward.monitor_turn (
  tenant_id    uuid PRIMARY KEY,
  evaluated_at timestamptz,
  due_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX monitor_turn_due ON monitor_turn (due_at);
CALL isolate('monitor_turn', 'tenant_id');
GRANT SELECT, INSERT, UPDATE ON monitor_turn TO steward_operator;
GRANT SELECT ON monitor_turn TO steward_tenant;
SET LOCAL ROLE steward_operator;
-- Spread over a quarter of an hour, so that they do not all come at once.
INSERT INTO monitor_turn (tenant_id, due_at)
SELECT tenant_id, now() + random() * interval '15 minutes' FROM monitor GROUP BY tenant_id;
RESET ROLE;
