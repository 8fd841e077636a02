"""One execution from reading to remembering: discover, plan, apply, each resumable by another process."""
