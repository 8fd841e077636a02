"""Glue's business context: terms and attachments on the tables of the Data Catalog and on their columns."""
