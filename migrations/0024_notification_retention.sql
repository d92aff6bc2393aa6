-- Notices are removed when the log of their deliveries is; both are looked up by each other.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE INDEX delivery_by_notification ON delivery (about_id, notification_id);
GRANT DELETE ON notification TO steward_operator;
RESET ROLE;
