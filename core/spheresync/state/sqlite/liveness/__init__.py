"""Which processes are alive, and which may be inside a state folder."""
