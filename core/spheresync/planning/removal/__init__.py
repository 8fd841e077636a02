"""Tables that nobody's asset stands behind any more."""
