"""Amazon Web Services: clusters, charts and parameters of an account."""
