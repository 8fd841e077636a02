"""Query, verify and export the audit log."""
