-- Who noted and who settled a failed payment, and how much it was; who changed a lifecycle rule last, and why (R78, R87).
-- Rows of before, and those of a version that knows nothing of it, say nobody. All columns are empty, so nothing is rewritten.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE steward.payment_failure
  ADD COLUMN amount text CHECK (length(amount) BETWEEN 1 AND 40),
  ADD COLUMN recorded_by text,
  ADD COLUMN settled_by text;
ALTER TABLE steward.lifecycle_rule
  ADD COLUMN changed_by text,
  ADD COLUMN changed_at timestamptz,
  ADD COLUMN reason text;
RESET ROLE;
