"""`python -m spheresync_server` is `spheresync`."""

from spheresync_server.cli.main import main

main()
