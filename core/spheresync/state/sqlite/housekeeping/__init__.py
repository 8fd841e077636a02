"""Keeping the state small and sound: what is over, what nothing refers to, what is damaged."""
