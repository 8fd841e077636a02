"""The queue of jobs: its port, and the engine on the embedded state."""
