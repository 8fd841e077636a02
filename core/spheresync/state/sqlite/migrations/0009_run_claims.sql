-- How often a run was claimed since anything of it was done last: a run that ends every process that drives it is ended.
ALTER TABLE runs ADD COLUMN claims INTEGER NOT NULL DEFAULT 0;
