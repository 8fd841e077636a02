"""Amazon QuickSight: data sources, data sets on them, topics on those, and the folders that hold them."""
