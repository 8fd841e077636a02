"""Assets and terms of Amazon DataZone, for the tables of Glue."""
