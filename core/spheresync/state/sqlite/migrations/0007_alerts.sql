-- What people have been told of and is not over yet; one row for each kind and subject.
CREATE TABLE alerts (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    remedy TEXT NOT NULL,
    began_at TEXT NOT NULL,
    told_at TEXT NOT NULL,
    gone_since TEXT, -- it is not so any more, but that may not last
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;

-- What is still to be delivered: at most one notice of each kind and subject for each channel.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL, -- digest of its address, which may be a secret
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL, -- began, reminder, over
    message TEXT NOT NULL,
    remedy TEXT NOT NULL,
    began_at TEXT NOT NULL,
    at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    not_before TEXT NOT NULL,
    UNIQUE (channel, kind, subject)
);
