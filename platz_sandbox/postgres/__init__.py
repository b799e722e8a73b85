"""The sandbox's database: a real PostgreSQL server out of a Python wheel."""
