"""The Datasphere connector: lists spaces and assets, reads definitions, normalises them. Read-only."""
