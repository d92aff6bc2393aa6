-- Tags that were ever in use, for the filters of the directory: which there are cannot be read from the tenants without
-- reading all of them. A row is added with the first tenant that has the tag, and stays.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.tag (tag text PRIMARY KEY);
GRANT SELECT, INSERT ON tag TO steward_operator;
-- As whoever inserts the tenants. In one order, so that two who bring the same new tags never wait in a circle.
CREATE FUNCTION steward.note_tags() RETURNS trigger LANGUAGE plpgsql SET search_path = steward, pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO tag SELECT DISTINCT unnest(tags) AS tag FROM made ORDER BY tag ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION steward.note_tags() FROM PUBLIC;
CREATE TRIGGER note_tags AFTER INSERT ON tenant REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION steward.note_tags();
RESET ROLE;
