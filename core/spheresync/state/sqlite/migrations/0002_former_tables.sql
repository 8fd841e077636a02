-- Tables that assets had before mapping rules named them anew: ours still, and in nobody's use.
CREATE TABLE former_tables (
    target TEXT NOT NULL,
    destination TEXT NOT NULL,
    container TEXT NOT NULL,
    name TEXT NOT NULL,
    space TEXT NOT NULL,
    asset TEXT NOT NULL,
    body TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    version TEXT,
    retired INTEGER NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (target, destination, container, name)
) WITHOUT ROWID;
