"""PostgreSQL: tables, queries, change events and leases."""
