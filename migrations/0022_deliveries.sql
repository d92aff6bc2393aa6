-- What was, or is to be, told to whom: one row per notice and recipient, and one per attempt. A mail's text is made from
-- the notice whenever it is needed; it stands nowhere, so that no link in it does either.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.delivery (
  -- Whose log it stands in: the tenant whose people or endpoints are told, or the platform (nil).
  tenant_id       uuid NOT NULL,
  id              uuid NOT NULL,
  -- The notice; it is about another tenant where the platform is told.
  about_id        uuid NOT NULL,
  notification_id uuid NOT NULL,
  event           text NOT NULL,
  channel         text NOT NULL CHECK (channel IN ('mail', 'webhook')),
  webhook_id      uuid,
  user_id         uuid,
  -- The address when it was decided.
  recipient       text NOT NULL,
  state           text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'parked', 'not_sent')),
  -- Counted at the claim; also the fence: only the newest attempt may write its outcome.
  attempts        smallint NOT NULL DEFAULT 0,
  -- Attempts since it was last asked for; a resend begins anew, and with it the waits between.
  tries           smallint NOT NULL DEFAULT 0,
  next_at         timestamptz NOT NULL DEFAULT now(),
  -- Somebody is at it until then.
  claimed_until   timestamptz,
  delivered_at    timestamptz,
  problem         text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook (tenant_id, id),
  CONSTRAINT delivery_names_its_way CHECK ((channel = 'webhook') = (webhook_id IS NOT NULL))
);
CREATE INDEX delivery_waiting ON delivery (next_at) WHERE state = 'waiting';
CREATE INDEX delivery_by_time ON delivery (id DESC);
CREATE INDEX delivery_by_state ON delivery (state, id DESC);
CREATE INDEX delivery_by_webhook ON delivery (tenant_id, webhook_id, id DESC) WHERE webhook_id IS NOT NULL;
CREATE INDEX delivery_by_about ON delivery (about_id, id DESC);
CREATE TABLE steward.delivery_attempt (
  tenant_id   uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number      smallint NOT NULL,
  at          timestamptz NOT NULL DEFAULT now(),
  duration_ms integer NOT NULL,
  delivered   boolean NOT NULL,
  -- HTTP status or SMTP code.
  status      smallint,
  -- The beginning of the answer, or why there was none.
  said        text NOT NULL,
  PRIMARY KEY (tenant_id, delivery_id, number),
  FOREIGN KEY (tenant_id, delivery_id) REFERENCES delivery (tenant_id, id) ON DELETE CASCADE
);
CALL isolate('delivery', 'tenant_id');
CALL isolate('delivery_attempt', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery, delivery_attempt TO steward_operator;
-- A tenant looks at its log and asks for another attempt; it writes no outcome.
GRANT SELECT ON delivery, delivery_attempt TO steward_tenant;
GRANT UPDATE (state, tries, next_at, problem) ON delivery TO steward_tenant;
RESET ROLE;
