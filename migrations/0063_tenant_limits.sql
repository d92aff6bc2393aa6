-- Limits of one tenant alone (R74), over those of its plan and the quotas of its template (R29): with why, by whom, until
-- when. A row is the base that holds; what is granted on top of it for a time comes beside it and not into it. A version
-- that does not know them goes on with the plan's.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
SET LOCAL lock_timeout = '5s';
-- Versions go on where a limit is taken back and set again: a form that was filled in on the one before stays stale.
CREATE SEQUENCE steward.tenant_limit_version;
GRANT USAGE ON SEQUENCE steward.tenant_limit_version TO steward_operator;
CREATE TABLE steward.tenant_limit (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  meter     text NOT NULL CHECK (meter IN ('users', 'projects', 'storage_bytes', 'api_calls_15min')),
  kind      text NOT NULL CHECK (kind IN ('number', 'unlimited')),
  hard      bigint CHECK (hard > 0),
  reason    text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  set_by    text NOT NULL,
  set_at    timestamptz NOT NULL DEFAULT now(),
  -- None: until it is taken back. From this moment on what is below holds again, without anybody doing anything.
  until     timestamptz,
  version   bigint NOT NULL DEFAULT nextval('steward.tenant_limit_version'),
  PRIMARY KEY (tenant_id, meter),
  CONSTRAINT tenant_limit_is_said CHECK ((kind = 'number') = (hard IS NOT NULL))
);
CALL isolate('tenant_limit', 'tenant_id');
CREATE POLICY system_rows ON tenant_limit FOR SELECT TO steward_system USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_limit TO steward_operator;
-- A tenant sees its limits; why operators set them, and who, stays with operators.
GRANT SELECT (tenant_id, meter, kind, hard, until) ON tenant_limit TO steward_tenant, steward_system;
-- What a tenant may use on a plan: its own limit, or its template's quota, or the plan's. A template that names a plan speaks
-- of that plan: on another one its quotas do not hold. Everything that asks for a limit asks here. With the rights of whoever
-- asks, and without settings of its own, so that the planner can look into it.
CREATE FUNCTION steward.limits_of(of_tenant uuid, on_plan text)
  RETURNS TABLE (meter text, kind text, hard bigint, source text, plan_kind text, plan_hard bigint,
    below_kind text, below_hard bigint, until timestamptz)
  LANGUAGE sql STABLE AS $$
  SELECT l.meter,
    coalesce(own.kind, said.kind, l.kind),
    CASE WHEN own.kind IS NOT NULL THEN own.hard WHEN said.kind IS NOT NULL THEN said.hard ELSE l.hard END,
    CASE WHEN own.kind IS NOT NULL THEN 'tenant' WHEN said.kind IS NOT NULL THEN 'template' ELSE 'plan' END,
    l.kind, l.hard,
    -- What would hold without a limit of this tenant alone.
    coalesce(said.kind, l.kind), CASE WHEN said.kind IS NOT NULL THEN said.hard ELSE l.hard END,
    own.until
  FROM steward.plan_limit l
  LEFT JOIN steward.tenant_limit own
    ON own.tenant_id = $1 AND own.meter = l.meter AND (own.until IS NULL OR own.until > now())
  LEFT JOIN LATERAL (
    SELECT CASE jsonb_typeof(q.quota) WHEN 'object' THEN 'number' ELSE q.quota #>> '{}' END AS kind,
      (q.quota ->> 'number')::bigint AS hard
    FROM steward.tenant_template a
    JOIN steward.template_version v ON v.template_id = a.template_id AND v.version = a.version
    CROSS JOIN LATERAL (SELECT v.bundle -> 'quotas' -> l.meter AS quota) q
    WHERE a.tenant_id = $1 AND q.quota IS NOT NULL AND coalesce(v.bundle ->> 'plan', l.plan_id) = l.plan_id
  ) said ON true
  WHERE l.plan_id = $2
$$;
GRANT EXECUTE ON FUNCTION steward.limits_of(uuid, text) TO steward_operator, steward_tenant, steward_system;
-- Who is to look after a tenant of an import. An account that is closed meanwhile looks after nothing.
ALTER TABLE tenant_import_row ADD COLUMN owner_id uuid;
RESET ROLE;
