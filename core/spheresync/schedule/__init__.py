"""Keeping catalogs fresh by itself: what is due when, in which order, and who does it."""
