-- What the lint of the catalogue finds and has told of (R127), so that each finding is told once, whichever process sees it
-- first, and once more when it is gone. It belongs to the platform: no tenant may see it.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.lint_finding (
  -- `R01` and the rule in words.
  rule     text NOT NULL,
  object   text NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rule, object)
);
GRANT SELECT, INSERT, DELETE ON lint_finding TO steward_operator;
RESET ROLE;
