-- What the platform keeps on record of a tenant: under which reference it is billed (R11), and who looks after it, for the
-- snapshot that goes out with every event (R80). A column without a default: nothing is rewritten, and a version that does
-- not know it goes on as before.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
SET LOCAL lock_timeout = '5s';
ALTER TABLE tenant ADD COLUMN billing_reference text;
-- Who looks after a tenant, as others are told. With the rights of whoever asks: inside a tenant nobody reads accounts, so
-- nobody is named there.
CREATE FUNCTION steward.owner_card(owner uuid) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = steward, pg_catalog, pg_temp AS $$
BEGIN
  IF NOT has_table_privilege('steward.user_account', 'SELECT') THEN RETURN NULL; END IF;
  RETURN (SELECT jsonb_build_object('name', u.name, 'email', u.email) FROM user_account u WHERE u.id = owner);
END $$;
GRANT EXECUTE ON FUNCTION steward.owner_card(uuid) TO steward_operator, steward_tenant, steward_system;
-- Bulk work can leave out a tenant that would get more tags than it may have. What stands there already satisfied a
-- narrower rule, so there is nothing to check.
ALTER TABLE bulk_item DROP CONSTRAINT bulk_item_why_check,
  ADD CONSTRAINT bulk_item_why_check
    CHECK (why IN ('status', 'same', 'busy', 'limits', 'payment', 'changed', 'full')) NOT VALID;
RESET ROLE;
