-- Who needs a second person (R10, R11) can be changed, and by plan as well: for tenants on one of `plans`, whatever
-- `second_person` says. A kind without a row needs nobody.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE steward.approval_rule
  ADD COLUMN plans text[] NOT NULL DEFAULT '{}',
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  ADD COLUMN changed_by text,
  ADD COLUMN changed_at timestamptz,
  ADD COLUMN reason text;
GRANT INSERT ON approval_rule TO steward_operator;
RESET ROLE;
