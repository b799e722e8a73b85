"""Simulated clusters."""

from __future__ import annotations

from simulated_clusters import east, namespace, simulated

__all__ = ["east", "namespace", "simulated"]
