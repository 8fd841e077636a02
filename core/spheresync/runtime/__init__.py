"""What the steps of a run share while a process works."""
