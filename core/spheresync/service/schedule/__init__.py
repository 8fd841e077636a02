"""Tiers and the job queue."""
