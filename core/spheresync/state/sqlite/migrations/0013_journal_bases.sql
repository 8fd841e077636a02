-- What this installation had written last into an object that others had changed before a run wrote it: `journal.before`
-- holds both, and an undo that restores it must know which of it was ours. No row: all of it, as far as it proves that.
CREATE TABLE journal_bases (
    run_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    seal TEXT,
    PRIMARY KEY (run_id, ordinal)
) WITHOUT ROWID;
