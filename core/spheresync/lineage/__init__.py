"""Where the data of an asset comes from and where it goes, followed through what the local catalog holds."""
