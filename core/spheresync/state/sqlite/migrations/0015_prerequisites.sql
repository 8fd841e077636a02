-- What must exist before the items of a change set can be written, as JSON. NULL: nothing, or an earlier version saved
-- it, which made what was missing without showing it.
ALTER TABLE change_sets ADD COLUMN prerequisites TEXT;
