"""AWS Lake Formation: LF-Tags on databases, tables and columns, and who was granted what."""
