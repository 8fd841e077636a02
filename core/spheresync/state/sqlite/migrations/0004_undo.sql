-- The run that a change set undoes; what applying it restores is held.
ALTER TABLE change_sets ADD COLUMN undo_of TEXT;
