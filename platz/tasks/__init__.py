"""Tasks: their operations, the steps of each, their execution, and their recovery after a crash."""
