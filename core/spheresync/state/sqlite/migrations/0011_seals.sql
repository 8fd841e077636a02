-- A digest over a row's own values, by which a damaged or altered row is told. NULL: an earlier version wrote it.
ALTER TABLE change_set_items ADD COLUMN seal TEXT;
ALTER TABLE checkpoints ADD COLUMN seal TEXT;
ALTER TABLE former_tables ADD COLUMN seal TEXT;
ALTER TABLE runs ADD COLUMN seal TEXT;
ALTER TABLE journal ADD COLUMN seal TEXT;
