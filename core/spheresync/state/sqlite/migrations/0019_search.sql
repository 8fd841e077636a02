-- Every text by which an asset is found, folded and cut into words by this program, one row for each asset. The texts
-- of an asset stand under its search_id; search_stale says that what is there is not what the asset holds now, as in
-- every asset that an earlier version read.
DROP INDEX assets_by_name;
ALTER TABLE assets DROP COLUMN search;
ALTER TABLE assets ADD COLUMN search_id INTEGER;
-- What context files say of the asset that is searched too, as JSON: its owner, then terms with their synonyms.
ALTER TABLE assets ADD COLUMN context_texts TEXT NOT NULL DEFAULT '';
ALTER TABLE assets ADD COLUMN search_stale INTEGER NOT NULL DEFAULT 1;
CREATE INDEX assets_by_name ON assets (space, name, kind, tier, status, search_id);
CREATE INDEX assets_by_search_id ON assets (search_id, kind, tier, status);
CREATE INDEX assets_to_index ON assets (space, name) WHERE search_stale = 1;
CREATE INDEX assets_with_personal_data ON assets (space, name, personal_data) WHERE personal_data != '';
CREATE INDEX assets_not_classified ON assets (space, name) WHERE parser_version < 10000;
CREATE VIRTUAL TABLE asset_search USING fts5 (
    words, tokenize = 'ascii', detail = 'none', content = '', columnsize = '0'
);
-- What is in the index of each asset, as JSON and zlib: taken out of it by what went in.
CREATE TABLE search_rows (
    id INTEGER PRIMARY KEY,
    space TEXT NOT NULL,
    name TEXT NOT NULL,
    texts BLOB NOT NULL
);
CREATE UNIQUE INDEX search_rows_by_asset ON search_rows (space, name);
-- Parts of words are looked for in names and labels alone.
CREATE VIRTUAL TABLE asset_search_parts USING fts5 (name, label, tokenize = 'trigram case_sensitive 1');
-- The words that stand in the index, and the names of columns, by which beginnings and wildcards are looked up.
CREATE TABLE search_words (
    kind TEXT NOT NULL, -- word, column
    word TEXT NOT NULL,
    PRIMARY KEY (kind, word)
) WITHOUT ROWID;
