"""Platz: a self-service portal that deploys Helm charts onto many Kubernetes clusters."""
