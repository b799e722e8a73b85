"""What a task does and what a change causes: rules and steps."""
