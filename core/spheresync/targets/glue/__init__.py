"""The Glue Data Catalog: what a table should hold, and reading and writing it."""
