-- What lets the next wave of a roll-out begin by itself besides its time, and what pauses it (R32). Columns without a
-- value say what held before: a single failure keeps the next wave waiting, and nothing is paused.
SET LOCAL lock_timeout = '5s';
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE rollout
  ADD COLUMN max_failed_percent smallint CHECK (max_failed_percent BETWEEN 0 AND 100),
  ADD COLUMN max_health_drop smallint CHECK (max_health_drop BETWEEN 1 AND 100),
  ADD COLUMN no_drift boolean NOT NULL DEFAULT false,
  -- The wave that a person went on with although a criterion was broken: it is not paused again.
  ADD COLUMN overruled_wave smallint,
  -- The wave of which those who may approve were told, where its operations wait for them.
  ADD COLUMN told_wave smallint;
RESET ROLE;
