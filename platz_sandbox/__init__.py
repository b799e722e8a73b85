"""Stand-ins for what a laptop lacks: the only folder that pretends."""
