-- A key ends by itself (R57): when, its tenant's settings say at the moment it is made. Keys of before end when they are revoked.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE steward.api_key ADD COLUMN expires_at timestamptz;
RESET ROLE;
