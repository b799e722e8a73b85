"""Every list and every detail read of the API: one statement each, its JSON built by PostgreSQL."""
