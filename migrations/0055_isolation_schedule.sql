-- Several processes share the proofs of isolation (R127): whose proof is under way, and until when it is left to whoever
-- took it. And old evidence that says nothing new is removed when newer is kept.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
-- No reference to the tenant: its table is locked by nothing here.
CREATE TABLE steward.isolation_claim (
  tenant_id uuid PRIMARY KEY,
  until     timestamptz NOT NULL
);
CALL isolate('isolation_claim', 'tenant_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON isolation_claim TO steward_operator;
GRANT DELETE ON isolation_run TO steward_operator;
RESET ROLE;
