"""Requests to a tenant: authorised, pinned to its origin, within its rate limit, retried."""
