-- Plans and their limits (R64). "Unlimited" and "custom" (agreed by contract) are words, never 0 or -1.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.plan (
  id   text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9_]{1,30}$'),
  name text NOT NULL,
  rank smallint NOT NULL UNIQUE,
  sso  boolean NOT NULL,
  scim boolean NOT NULL,
  sla  text NOT NULL
);
CREATE TABLE steward.plan_limit (
  plan_id   text NOT NULL REFERENCES plan (id),
  meter     text NOT NULL CHECK (meter IN ('users', 'projects', 'storage_bytes', 'api_calls_15min')),
  kind      text NOT NULL CHECK (kind IN ('number', 'unlimited', 'custom')),
  hard      bigint CHECK (hard > 0),
  PRIMARY KEY (plan_id, meter),
  CONSTRAINT plan_limit_is_said CHECK ((kind = 'number') = (hard IS NOT NULL))
);
INSERT INTO plan VALUES
  ('free', 'Free', 1, false, false, 'None'),
  ('starter', 'Starter', 2, false, false, '99 %'),
  ('professional', 'Professional', 3, false, false, '99.5 %'),
  ('enterprise', 'Enterprise', 4, true, true, '99.9 %');
INSERT INTO plan_limit (plan_id, meter, kind, hard) VALUES
  ('free', 'users', 'number', 5), ('free', 'projects', 'number', 10), ('free', 'storage_bytes', 'number', 104857600), ('free', 'api_calls_15min', 'number', 100),
  ('starter', 'users', 'number', 20), ('starter', 'projects', 'number', 50), ('starter', 'storage_bytes', 'number', 1073741824), ('starter', 'api_calls_15min', 'number', 500),
  ('professional', 'users', 'number', 100), ('professional', 'projects', 'number', 200), ('professional', 'storage_bytes', 'number', 10737418240), ('professional', 'api_calls_15min', 'number', 2000),
  ('enterprise', 'users', 'unlimited', NULL), ('enterprise', 'projects', 'unlimited', NULL), ('enterprise', 'storage_bytes', 'custom', NULL), ('enterprise', 'api_calls_15min', 'custom', NULL);
GRANT SELECT ON plan, plan_limit TO steward_operator, steward_tenant, steward_system;
RESET ROLE;
