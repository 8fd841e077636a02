"""Status, liveness, figures and connections."""
