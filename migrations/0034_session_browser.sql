-- Where a session was begun: people recognise their own by it, and one that they do not (ASVS 7.4).
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
ALTER TABLE session
  ADD COLUMN address text CONSTRAINT session_address_length CHECK (length(address) <= 45),
  -- The browser's own words, cut; nobody vouches for them.
  ADD COLUMN agent text CONSTRAINT session_agent_length CHECK (length(agent) <= 300);
RESET ROLE;
