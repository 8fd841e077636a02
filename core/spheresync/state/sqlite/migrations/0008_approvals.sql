-- Who approved a change set, when, and at which digest; `promotion` is the one that its rules came from, if they did.
ALTER TABLE change_sets ADD COLUMN approved_by TEXT;
ALTER TABLE change_sets ADD COLUMN approved_at TEXT;
ALTER TABLE change_sets ADD COLUMN approved_digest TEXT;
ALTER TABLE change_sets ADD COLUMN promotion TEXT;

-- Promotions that a person has let count in this installation, with the change set that was looked at for it.
CREATE TABLE promotions (
    digest TEXT PRIMARY KEY,
    approved_by TEXT NOT NULL,
    approved_at TEXT NOT NULL,
    change_set_id TEXT NOT NULL
) WITHOUT ROWID;
