"""Observation: what Platz learns from clusters and deployments, and what it keeps up to date in them."""
