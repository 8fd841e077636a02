"""The catalogs that are kept true: one protocol for every target, and one package for each."""
