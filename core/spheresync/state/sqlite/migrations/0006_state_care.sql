-- Runs and change sets whose time is over: nobody sees them any more, and they are taken out a part at a time.
CREATE TABLE leaving (id TEXT PRIMARY KEY) WITHOUT ROWID;

-- Contents to which nothing referred when that was looked at. One that is put again is taken off the list.
CREATE TABLE unreferred (
    digest TEXT PRIMARY KEY,
    noted_at REAL NOT NULL -- seconds of the clock that all processes of this machine share
) WITHOUT ROWID;
