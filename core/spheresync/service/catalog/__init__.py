"""What is known of spaces and assets."""
