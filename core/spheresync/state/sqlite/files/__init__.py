"""The files of a state: copies, backups, restores, and who may write them."""
