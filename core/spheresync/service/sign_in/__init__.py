"""A person's sign-in to the tenant: the browser's way there and back, and what is kept of it."""
