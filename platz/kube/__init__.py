"""Kubernetes: clients, watches and the objects that Platz writes."""
