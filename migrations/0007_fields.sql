-- The global catalogue of custom fields (R34, R47, R48). Key and kind never change.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
CREATE TABLE steward.field (
  key      text PRIMARY KEY CHECK (key ~ '^[a-z][a-z0-9_]{1,40}$'),
  name     text NOT NULL,
  grp      text NOT NULL CHECK (grp IN ('cx', 'understanding', 'sales', 'operational')),
  kind     text NOT NULL CHECK (kind IN ('text', 'number', 'choice', 'multi_choice', 'date')),
  options  text[] NOT NULL DEFAULT '{}',
  position smallint NOT NULL
);
INSERT INTO field (key, name, grp, kind, options, position) VALUES
  ('csat', 'CSAT', 'cx', 'number', '{}', 1),
  ('sentiment', 'Sentiment', 'cx', 'choice', '{positive,neutral,negative}', 2),
  ('top_issues', 'Top issues', 'cx', 'multi_choice', '{}', 3),
  ('escalation_reason', 'Escalation reason', 'cx', 'text', '{}', 4),
  ('summary', 'Summary', 'understanding', 'text', '{}', 5),
  ('topic', 'Topic', 'understanding', 'text', '{}', 6),
  ('call_reason', 'Call reason', 'understanding', 'text', '{}', 7),
  ('outcome', 'Outcome', 'understanding', 'choice', '{resolved,unresolved,escalated,abandoned}', 8),
  ('lead_score', 'Lead score', 'sales', 'number', '{}', 9),
  ('objections', 'Objections', 'sales', 'multi_choice', '{}', 10),
  ('competitors', 'Competitors', 'sales', 'multi_choice', '{}', 11),
  ('next_actions', 'Next actions', 'sales', 'text', '{}', 12),
  ('language', 'Language', 'operational', 'text', '{}', 13),
  ('channel_type', 'Channel type', 'operational', 'choice', '{voice,chat,email}', 14),
  ('disposition', 'Disposition', 'operational', 'text', '{}', 15);
GRANT SELECT ON field TO steward_operator, steward_tenant;
RESET ROLE;
