"""The one door to AWS: rate, limits, credentials and errors of every call."""
