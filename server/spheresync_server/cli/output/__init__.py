"""What commands print: for people, and as one JSON document."""
