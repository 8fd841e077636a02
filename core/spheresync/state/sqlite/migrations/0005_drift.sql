-- What the last looks at the targets found that others have changed.
CREATE TABLE drift_looks (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    scope TEXT NOT NULL,
    target TEXT NOT NULL,
    summary TEXT NOT NULL,
    problems TEXT NOT NULL,
    findings TEXT NOT NULL,
    change_set_id TEXT
);

-- One row an object that drifted, as the newest look at it saw it; an object that is as it was written has none.
CREATE TABLE drift_found (
    target TEXT NOT NULL,
    destination TEXT NOT NULL,
    space TEXT NOT NULL,
    asset TEXT NOT NULL,
    look TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    stays INTEGER NOT NULL,
    found BLOB NOT NULL,
    PRIMARY KEY (target, destination, space, asset)
) WITHOUT ROWID;

CREATE INDEX drift_found_by_look ON drift_found (look, ordinal);
