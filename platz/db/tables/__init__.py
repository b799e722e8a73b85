"""The queries of each table, one module a table, and of the task queue."""
