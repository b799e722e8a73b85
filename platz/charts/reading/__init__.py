"""Conversion of the bytes of a chart to JSON-like values, within limits."""
