"""Rows as they are read: their shape, their seal, and what cannot be read of them."""
