"""One file for each aggregate of the state: its statements, and its rows as frozen values."""
