"""From files, the environment and flags to settings, with every problem named."""
