"""Feedback for a chart's author: advice, and a summary of how Platz understood the chart."""
