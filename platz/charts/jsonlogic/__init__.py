"""The JsonLogic dialect of conditions (chart-extensions.md 4)."""
