"""LF-Tags of Lake Formation on the tables of Glue."""
