"""Backup, restore and housekeeping of the state."""
