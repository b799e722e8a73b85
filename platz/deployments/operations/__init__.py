"""The steps of each task operation (workers.md section 3)."""
