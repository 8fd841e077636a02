"""Undo runs, and release what an undo holds."""
