-- Tenant templates (R29–R34): versioned bundles; which version each tenant is on; and what was applied when by whom.
-- The settings of a template are not copied to its tenants: they hold through tenant_template, as one level of the cascade.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.template (
  id          uuid PRIMARY KEY,
  key         text NOT NULL CONSTRAINT template_key_shape CHECK (key ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  description text NOT NULL CHECK (length(description) <= 1000),
  tenant_type text NOT NULL CHECK (tenant_type IN ('standard', 'enterprise', 'reseller', 'sandbox')),
  industry    text CHECK (length(industry) BETWEEN 1 AND 60),
  compliance  text NOT NULL CHECK (compliance IN ('none', 'gdpr', 'hipaa', 'pci_dss', 'soc2')),
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  version     bigint NOT NULL DEFAULT 1,
  CONSTRAINT template_key_key UNIQUE (key),
  CONSTRAINT template_name_key UNIQUE (name)
);
CREATE TABLE steward.template_version (
  template_id    uuid NOT NULL REFERENCES template (id),
  version        integer NOT NULL CHECK (version > 0),
  state          text NOT NULL CHECK (state IN ('draft', 'published', 'deprecated')),
  -- model::templates::Bundle.
  bundle         jsonb NOT NULL CHECK (jsonb_typeof(bundle) = 'object'),
  notes          text NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
  created_by     text NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  published_by   text,
  published_at   timestamptz,
  deprecated_at  timestamptz,
  deprecated_why text,
  -- Edits of the draft, for optimistic locking.
  edits          bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (template_id, version),
  CONSTRAINT template_version_publication_is_said CHECK ((state = 'draft') = (published_at IS NULL) AND (published_at IS NULL) = (published_by IS NULL)),
  CONSTRAINT template_version_deprecation_is_said CHECK ((state = 'deprecated') = (deprecated_at IS NOT NULL))
);
CREATE UNIQUE INDEX template_version_one_draft ON template_version (template_id) WHERE state = 'draft';

-- A version is published once and never changed, by nobody.
CREATE FUNCTION steward.template_version_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.state <> 'draft' AND (TG_OP = 'DELETE' OR NEW.state = 'draft' OR NEW.bundle IS DISTINCT FROM OLD.bundle
      OR NEW.published_at IS DISTINCT FROM OLD.published_at OR NEW.notes IS DISTINCT FROM OLD.notes) THEN
    RAISE EXCEPTION 'a published version of a template never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'template_version_is_immutable';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER template_version_guard BEFORE UPDATE OR DELETE ON template_version FOR EACH ROW EXECUTE FUNCTION steward.template_version_guard();

CREATE TABLE steward.tenant_template (
  tenant_id   uuid PRIMARY KEY REFERENCES tenant (id),
  template_id uuid NOT NULL,
  version     integer NOT NULL,
  applied_by  text NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (template_id, version) REFERENCES template_version (template_id, version)
);
CREATE INDEX tenant_template_by_version ON tenant_template (template_id, version, tenant_id);
CREATE TABLE steward.template_application (
  tenant_id   uuid NOT NULL REFERENCES tenant (id),
  id          uuid NOT NULL,
  template_id uuid NOT NULL,
  version     integer NOT NULL,
  applied_by  text NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT now(),
  reason      text,
  -- Lines that it changed, and all of them: model::templates::Change list.
  changed     integer NOT NULL,
  changes     jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (template_id, version) REFERENCES template_version (template_id, version)
);
-- The fields of a tenant (R30); nothing takes one away while conversations may hold its values.
CREATE TABLE steward.tenant_field (
  tenant_id  uuid NOT NULL REFERENCES tenant (id),
  field_key  text NOT NULL REFERENCES field (key),
  added_by   text NOT NULL,
  added_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, field_key)
);
-- A template set it, and nobody decided since: the next version may change it. An old process that switches a task
-- leaves the mark, and then a later version of the template may switch it back; no such version exists yet.
ALTER TABLE activation ADD COLUMN by_template boolean NOT NULL DEFAULT false;

CALL isolate('tenant_template', 'tenant_id');
CALL isolate('template_application', 'tenant_id');
CALL isolate('tenant_field', 'tenant_id');
CREATE POLICY system_rows ON tenant_template FOR SELECT TO steward_system USING (true);
GRANT SELECT ON template, template_version TO steward_operator, steward_tenant, steward_system;
GRANT INSERT, UPDATE ON template, template_version TO steward_operator;
GRANT DELETE ON template_version TO steward_operator;
GRANT SELECT, INSERT, UPDATE ON tenant_template TO steward_operator, steward_tenant;
GRANT SELECT ON tenant_template TO steward_system;
GRANT SELECT, INSERT ON template_application, tenant_field TO steward_operator, steward_tenant;
RESET ROLE;
