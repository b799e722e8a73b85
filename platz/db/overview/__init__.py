"""What the pages of the console ask for: rows that answer a question at a glance, counted and sorted by PostgreSQL."""
