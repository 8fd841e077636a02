-- A job may be about one target in one destination; NULL: it is about all of them. Asked for again while it is queued, it
-- is the same job only for the same kind, subject, target and destination.
CREATE TABLE jobs_of_targets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    priority INTEGER NOT NULL, -- the smallest first
    reason TEXT NOT NULL,
    token TEXT NOT NULL, -- what it is about; a job that was set aside is not taken up again for the same
    state TEXT NOT NULL, -- queued, running, dead
    not_before TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    needs INTEGER REFERENCES jobs_of_targets (id) ON DELETE SET NULL,
    owner TEXT,
    fence INTEGER NOT NULL,
    started_at TEXT,
    heartbeat_at TEXT,
    ends_by TEXT,
    cancel_requested INTEGER NOT NULL,
    again TEXT, -- JSON of what was asked for while it ran
    problem TEXT,
    created_at TEXT NOT NULL,
    target TEXT,
    destination TEXT
);
INSERT INTO jobs_of_targets
SELECT id, kind, subject, priority, reason, token, state, not_before, attempts, NULL, owner, fence, started_at,
    heartbeat_at, ends_by, cancel_requested, again, problem, created_at, NULL, NULL
FROM jobs;
UPDATE jobs_of_targets SET needs = (SELECT needs FROM jobs WHERE jobs.id = jobs_of_targets.id);
DROP TABLE jobs;
ALTER TABLE jobs_of_targets RENAME TO jobs;
CREATE UNIQUE INDEX jobs_by_subject ON jobs (kind, subject, ifnull(target, ''), ifnull(destination, ''));
CREATE INDEX jobs_queued ON jobs (priority, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (subject) WHERE state = 'running';

-- Which assets the guard of columns holds back is noted for each target.
UPDATE OR REPLACE meta SET key = 'column_guard:glue:default' WHERE key = 'column_guard';
