"""Helm: the engine that installs charts and the registries that hold them."""
