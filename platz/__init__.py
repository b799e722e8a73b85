"""Platz: a self-service portal that deploys Helm charts onto many Kubernetes clusters."""

__version__ = "1.0.0"
