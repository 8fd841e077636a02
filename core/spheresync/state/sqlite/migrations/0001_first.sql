-- One applied migration a row; the checksum says that it was this very file.
CREATE TABLE schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
);

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Content-addressed: the digest is over the plain bytes, the body is zlib.
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE spaces (
    name TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    listed_at TEXT NOT NULL,
    complete INTEGER NOT NULL,
    problem TEXT,
    present INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE assets (
    space TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    tier TEXT,
    status TEXT NOT NULL,
    entry_digest TEXT,
    raw_digest TEXT,
    parser_version INTEGER NOT NULL,
    definition TEXT,
    fp_schema TEXT,
    fp_content TEXT,
    fp_metadata TEXT,
    column_count INTEGER NOT NULL,
    included INTEGER NOT NULL,
    reason TEXT NOT NULL,
    problem TEXT,
    misses INTEGER NOT NULL,
    first_missed_at TEXT,
    first_seen_at TEXT NOT NULL,
    listed_at TEXT NOT NULL,
    read_at TEXT,
    changed_at TEXT,
    pii_columns INTEGER NOT NULL,
    search TEXT NOT NULL, -- case-folded name and label: LIKE knows the case of ASCII only
    PRIMARY KEY (space, name)
) WITHOUT ROWID;
CREATE INDEX assets_by_name ON assets (space, name, kind, tier, status, search);
CREATE INDEX assets_by_facet ON assets (space, kind, tier, status);

CREATE TABLE checkpoints (
    target TEXT NOT NULL,
    destination TEXT NOT NULL,
    space TEXT NOT NULL,
    asset TEXT NOT NULL,
    container TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    version TEXT,
    fp_schema TEXT,
    fp_content TEXT,
    fp_metadata TEXT,
    mapping TEXT,
    definition TEXT,
    state TEXT NOT NULL,
    held TEXT,
    synced_at TEXT NOT NULL,
    run_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (target, destination, space, asset)
) WITHOUT ROWID;
CREATE INDEX checkpoints_by_asset ON checkpoints (space, asset);

CREATE TABLE change_sets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    mapping_digest TEXT NOT NULL,
    scope_digest TEXT NOT NULL,
    request BLOB NOT NULL,
    summary TEXT NOT NULL,
    findings TEXT NOT NULL,
    problems TEXT NOT NULL,
    blocked INTEGER NOT NULL,
    run_id TEXT,
    tool_version TEXT NOT NULL,
    format INTEGER NOT NULL
);

CREATE TABLE change_set_items (
    change_set_id TEXT NOT NULL REFERENCES change_sets (id),
    ordinal INTEGER NOT NULL,
    space TEXT NOT NULL,
    asset TEXT NOT NULL,
    target TEXT NOT NULL,
    destination TEXT NOT NULL,
    action TEXT NOT NULL,
    strategy TEXT NOT NULL,
    severity TEXT NOT NULL,
    reason TEXT NOT NULL,
    tier TEXT,
    container TEXT NOT NULL,
    name TEXT NOT NULL,
    changes BLOB, -- zlib of canonical JSON [[path, before, after], ...]
    before TEXT,
    after TEXT,
    after_digest TEXT,
    expected_version TEXT,
    expected_digest TEXT,
    blocked_by TEXT,
    fp_schema TEXT,
    fp_content TEXT,
    fp_metadata TEXT,
    mapping TEXT,
    definition TEXT,
    operations TEXT NOT NULL,
    PRIMARY KEY (change_set_id, ordinal)
) WITHOUT ROWID;

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    phase TEXT NOT NULL,
    change_set_id TEXT,
    request BLOB NOT NULL,
    request_digest TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_roles TEXT NOT NULL,
    owner TEXT,
    fence INTEGER NOT NULL,
    heartbeat_at TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    cancel_requested INTEGER NOT NULL,
    counts TEXT NOT NULL,
    usage TEXT NOT NULL,
    problems TEXT NOT NULL
);
CREATE INDEX runs_open ON runs (state, seq) WHERE state IN ('queued', 'running');
CREATE INDEX runs_by_change_set ON runs (change_set_id, seq) WHERE change_set_id IS NOT NULL;

CREATE TABLE journal (
    run_id TEXT NOT NULL REFERENCES runs (id),
    ordinal INTEGER NOT NULL,
    state TEXT NOT NULL,
    action TEXT NOT NULL,
    problem TEXT,
    before TEXT,
    after TEXT,
    version TEXT,
    request_id TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (run_id, ordinal)
) WITHOUT ROWID;

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT,
    fence INTEGER NOT NULL,
    acquired_at TEXT NOT NULL,
    heartbeat_at TEXT -- NULL: the holder promised no signs of life, its lock alone counts
) WITHOUT ROWID;

-- Permits to send requests. Seconds of the clock that all processes of this machine share.
CREATE TABLE request_grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice: a late holder must not touch another's row
    budget TEXT NOT NULL,
    permits INTEGER NOT NULL,
    last_use REAL NOT NULL
);
CREATE INDEX request_grants_by_budget ON request_grants (budget, last_use);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    run_id TEXT,
    asset TEXT,
    target TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_asset ON audit (asset, seq) WHERE asset IS NOT NULL;
CREATE INDEX audit_by_run ON audit (run_id, seq) WHERE run_id IS NOT NULL;

-- The last entry, so that a cut tail shows.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Guards against accident; the chain is what shows intent.
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the head of the audit log stays');
END;
CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head WHEN NEW.seq <= OLD.seq
BEGIN
    SELECT RAISE(ABORT, 'the head of the audit log only moves on');
END;
