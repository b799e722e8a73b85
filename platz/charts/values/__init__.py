"""What a chart can take: its own default values, the JSON Schema of its values, and what fits both."""
