"""Writing to the AWS catalogs: one protocol for every target, one door to AWS, and Glue."""
