"""SAP Datasphere as a source: lists spaces and assets, reads definitions, normalises them."""
