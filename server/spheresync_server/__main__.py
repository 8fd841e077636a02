"""`python -m spheresync_server` is `spheresync`."""

from spheresync_server.cli.main import main

if __name__ == "__main__":  # what else loads this file is no command
    main()
