"""The `dog` environment: an embedded Datasphere tenant and an embedded AWS that behave like the real things."""
