-- The classes of personal data that an asset's columns hold, by name, with commas between. Empty: none was found, or an
-- earlier version read the asset, which looked for none and so is read again.
ALTER TABLE assets ADD COLUMN personal_data TEXT NOT NULL DEFAULT '';
