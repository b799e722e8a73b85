"""The sandbox's database: a real PostgreSQL server from a Python wheel."""
