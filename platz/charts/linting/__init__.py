"""What a chart's author should know: advice and a summary of what Platz understood."""
