-- One-time links also let invited people set their password. A row is one mail: all of a person's links end when one of
-- them is used, or when a new invitation replaces them.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE steward.one_time_link ADD COLUMN user_id uuid REFERENCES user_account (id);
ALTER TABLE steward.one_time_link DROP CONSTRAINT one_time_link_purpose_check;
ALTER TABLE steward.one_time_link ADD CONSTRAINT one_time_link_purpose_check CHECK (purpose IN ('bootstrap', 'set_up'));
ALTER TABLE steward.one_time_link ADD CONSTRAINT one_time_link_names_its_person CHECK ((purpose = 'set_up') = (user_id IS NOT NULL));
CREATE INDEX one_time_link_by_user ON one_time_link (user_id) WHERE user_id IS NOT NULL;
-- When the owner of the address proved that it is theirs (R22).
ALTER TABLE steward.user_account ADD COLUMN email_verified_at timestamptz;
RESET ROLE;
