"""How a task runs: its operation and steps, its execution, and its recovery after a crash."""
