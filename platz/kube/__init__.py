"""Kubernetes clusters as Platz reaches them: raw JSON over HTTPS, no typed models, nothing on disk."""
