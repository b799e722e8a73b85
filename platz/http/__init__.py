"""The HTTP API and the live feed."""
