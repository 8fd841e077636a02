-- What a target that adds to the objects of another one held on an object when a run's item deleted that or took columns
-- away: it went with them, and an undo that brings them back puts it there again. `ordinal` is that of the other one's
-- item. No row: nothing went.
CREATE TABLE journal_additions (
    run_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    target TEXT NOT NULL,
    destination TEXT NOT NULL,
    body TEXT NOT NULL,
    seal TEXT,
    PRIMARY KEY (run_id, ordinal, target, destination)
) WITHOUT ROWID;
