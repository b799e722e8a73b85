"""What is found in the accounts and registries, and how it is recorded."""
