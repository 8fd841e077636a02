"""Plan how a run is undone."""
