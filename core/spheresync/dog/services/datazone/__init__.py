"""Amazon DataZone: domains with their projects, glossaries, types, assets, listings, data sources and lineage."""
