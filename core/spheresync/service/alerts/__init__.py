"""What people are alerted of, and how that is delivered."""
