"""One file for each aggregate of the state: its statements. What each method promises is said in `state/port/`."""
