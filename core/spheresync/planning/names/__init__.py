"""Which physical names assets and spaces get."""
