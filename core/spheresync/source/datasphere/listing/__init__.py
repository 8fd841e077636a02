"""The catalog API of Datasphere: spaces and assets, page by page, each listing complete or said not to be."""
