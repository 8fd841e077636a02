-- The catalog entry of an asset as last listed (canonical JSON): what its definition is read by between two listings.
CREATE TABLE entries (
    space TEXT NOT NULL,
    name TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (space, name)
) WITHOUT ROWID;

-- When each asset is due again ('' at once), and what is known of how often it changes.
CREATE TABLE schedule (
    space TEXT NOT NULL,
    name TEXT NOT NULL,
    next_due_at TEXT NOT NULL,
    seen_at TEXT,
    changes REAL NOT NULL,
    days REAL NOT NULL,
    failures INTEGER NOT NULL,
    signalled INTEGER NOT NULL, -- its catalog entry has changed since it was looked at
    PRIMARY KEY (space, name)
) WITHOUT ROWID;

CREATE INDEX schedule_by_due ON schedule (next_due_at);

-- One row for each kind and subject: what is asked again while it is queued is the same job.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    priority INTEGER NOT NULL, -- the smallest first
    reason TEXT NOT NULL,
    token TEXT NOT NULL, -- what it is about; a job that was set aside is not taken up again for the same
    state TEXT NOT NULL, -- queued, running, dead
    not_before TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    needs INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
    owner TEXT,
    fence INTEGER NOT NULL,
    started_at TEXT,
    heartbeat_at TEXT,
    ends_by TEXT,
    cancel_requested INTEGER NOT NULL,
    again TEXT, -- JSON of what was asked for while it ran
    problem TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX jobs_queued ON jobs (priority, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (subject) WHERE state = 'running';

-- What was asked of Datasphere and AWS, by day and kind; processes add what they used.
CREATE TABLE ledger (
    day TEXT NOT NULL,
    word TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (day, word)
) WITHOUT ROWID;
