"""The queries of each table, as a rule in one module for each; claiming tasks is in `platz.db.task_queue`."""
