-- Pages on which organisations sign up by themselves (R144): whose name and colour they carry, and what a tenant that
-- begins there is made from. A page is closed, never removed: tenants and links came from it.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.signup_page (
  id               uuid PRIMARY KEY,
  -- In its address, which never changes.
  slug             text NOT NULL CONSTRAINT signup_page_slug_shape CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  greeting         text NOT NULL DEFAULT '' CHECK (length(greeting) <= 600),
  -- A word of model::signup::Colour; no list here, so that a new colour needs no migration.
  colour           text NOT NULL CHECK (colour ~ '^[a-z]{2,20}$'),
  terms_url        text CHECK (length(terms_url) <= 500),
  template_id      uuid NOT NULL REFERENCES template (id),
  -- NULL: the newest published one.
  template_version integer CHECK (template_version > 0),
  plan_id          text NOT NULL REFERENCES plan (id),
  placement        text NOT NULL CHECK (placement IN ('pooled', 'dedicated')),
  region           text NOT NULL,
  trial_days       integer NOT NULL CHECK (trial_days BETWEEN 0 AND 365),
  -- Domains whose addresses may sign up; none: every one.
  email_domains    text[] NOT NULL DEFAULT '{}',
  -- Tenants that may begin here within 24 hours.
  daily_limit      integer NOT NULL CHECK (daily_limit BETWEEN 1 AND 1000),
  -- A person of the platform lets each of them begin.
  approval         boolean NOT NULL,
  open             boolean NOT NULL,
  created_by       text NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  version          bigint NOT NULL DEFAULT 1,
  CONSTRAINT signup_page_slug_key UNIQUE (slug)
);
GRANT SELECT, INSERT, UPDATE ON signup_page TO steward_operator;
-- A visitor looks at it before anyone is known.
GRANT SELECT ON signup_page TO steward_system;
RESET ROLE;
