-- Why a target does not hold of an asset what it should: a foreign table of its name, a write that was not taken, a guard
-- that holds it back. It stays until the asset is written, a look finds nothing of it any more, or nobody wants it.
CREATE TABLE unwritten (
    target TEXT NOT NULL,
    destination TEXT NOT NULL,
    space TEXT NOT NULL,
    asset TEXT NOT NULL,
    code TEXT NOT NULL,
    problem TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (space, asset, target, destination)
) WITHOUT ROWID;

CREATE INDEX unwritten_by_code ON unwritten (code, space, asset);

INSERT INTO unwritten
SELECT 'glue', 'default', space, name, 'conflict',
    json_array(json_array(space || '/' || name, 'conflict', 'a table of its name is not ours; it stays as it is',
        'Rename or remove that table, or give the asset another name with a mapping rule; the next sync looks at it.',
        json_array(space, name))),
    coalesce(listed_at, first_seen_at)
FROM assets WHERE status = 'conflict';

-- How a drifted object stands: 0 the policies keep it so, 1 it is only told, 2 a sync mends it, 3 mends a part of it.
ALTER TABLE drift_found ADD COLUMN standing INTEGER NOT NULL DEFAULT 2;
