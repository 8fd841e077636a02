"""What to do: pure comparison of what Datasphere says with what the targets were last known to hold."""
