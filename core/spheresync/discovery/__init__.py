"""From the tenant to the local catalog: listings first, then the definitions that may have moved."""
