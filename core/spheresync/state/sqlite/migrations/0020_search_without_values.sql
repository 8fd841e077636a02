-- Made anew without values of persons: of the assets that were indexed with them nothing may be found any more.
INSERT INTO asset_search (asset_search) VALUES ('delete-all');
DELETE FROM asset_search_parts;
DELETE FROM search_rows;
DELETE FROM search_words;
UPDATE assets SET search_id = NULL, search_stale = 1;
