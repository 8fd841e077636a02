-- Of an item the name that its asset had before, or the asset that it may be under another name, as a pair in JSON.
-- NULL: none, or an earlier version saved it, which looked for none.
ALTER TABLE change_set_items ADD COLUMN other_name TEXT;
