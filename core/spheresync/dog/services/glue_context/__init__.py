"""The business context of Glue: glossaries, terms and forms on tables and columns."""
