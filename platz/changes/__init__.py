"""The changes that users request: deployments, clusters, environments, kinds, resources, secrets and tasks.

The reinstalls that a change causes are here, too.
"""
