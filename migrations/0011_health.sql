-- Health (R88, R89): weights are versioned rows, signals come from outside, every snapshot keeps its inputs.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.health_weights (
  version    integer PRIMARY KEY,
  usage      smallint NOT NULL,
  adoption   smallint NOT NULL,
  support    smallint NOT NULL,
  growth     smallint NOT NULL,
  payment    smallint NOT NULL,
  security   smallint NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT health_weights_sum CHECK (usage + adoption + support + growth + payment + security = 100)
);
INSERT INTO health_weights (version, usage, adoption, support, growth, payment, security) VALUES (1, 30, 20, 15, 15, 10, 10);
-- What other systems know (payments, support, security), already on 0–100; the newest counts.
CREATE TABLE steward.health_signal (
  tenant_id   uuid NOT NULL REFERENCES tenant (id),
  dimension   text NOT NULL CHECK (dimension IN ('support', 'payment', 'security')),
  observed_at timestamptz NOT NULL DEFAULT now(),
  value       smallint NOT NULL CHECK (value BETWEEN 0 AND 100),
  detail      text NOT NULL,
  PRIMARY KEY (tenant_id, dimension, observed_at)
);
CREATE TABLE steward.health_snapshot (
  tenant_id   uuid NOT NULL REFERENCES tenant (id),
  day         date NOT NULL,
  score       smallint CHECK (score BETWEEN 0 AND 100),
  band        text NOT NULL CHECK (band IN ('healthy', 'watch', 'at_risk', 'critical', 'no_data')),
  weights     integer NOT NULL REFERENCES health_weights (version),
  -- model::health::Dimension list: value or none, weight in effect, and the numbers it came from.
  inputs      jsonb NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, day)
);
-- The movement within 7 days stands on the tenant too: the fleet's movers are read from an index, not from two
-- snapshots per tenant. The newest snapshot's age finds who is due.
ALTER TABLE tenant ADD COLUMN health_delta smallint CHECK (health_delta BETWEEN -100 AND 100);
CREATE INDEX tenant_by_health_delta ON tenant (health_delta, id) WHERE health_delta <> 0;
CREATE INDEX tenant_by_health_due ON tenant (health_at NULLS FIRST, id) WHERE status IN ('trial', 'active', 'suspended', 'offboarding');
-- The overview counts the whole fleet: from this index alone.
CREATE INDEX tenant_counts ON tenant (stage, status, health_band);
-- How far scores follow the usage that was rolled up.
INSERT INTO rollup VALUES ('health', '0', NULL);
CALL isolate('health_signal', 'tenant_id');
CALL isolate('health_snapshot', 'tenant_id');
GRANT SELECT ON health_weights TO steward_operator, steward_tenant;
GRANT SELECT, INSERT ON health_signal TO steward_operator, steward_tenant;
GRANT SELECT, INSERT, UPDATE ON health_snapshot TO steward_operator, steward_tenant;
RESET ROLE;
