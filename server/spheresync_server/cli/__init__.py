"""The command line: `spheresync`."""
