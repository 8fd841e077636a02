-- What an asset's definition names as read, written or run, as a JSON list of texts, so that lineage can be followed
-- downstream. NULL: it names nothing, or an earlier version read it, which knew of none.
ALTER TABLE assets ADD COLUMN refers_to TEXT;
