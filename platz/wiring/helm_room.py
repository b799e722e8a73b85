"""How many runs of Helm this process may have at once, and how much memory each: what its limit of memory has room for.

Invariant: a setting that is given counts as it is. Otherwise all runs together fit beside the process itself, so the
kernel does not end the process because users deploy.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.config import Settings

MIB = 1024 * 1024
MOST_RUNS = 8
MOST_MIB = 1024
ENOUGH_MIB = 384
"""What a run should be able to have: Helm with a common chart takes some 100 MiB, one with large templates 300."""
OWN_MIB = 256
"""What is left for the process itself and a warm child."""


@dataclass(frozen=True, kw_only=True)
class HelmRoom:
    """``parallel`` runs at once, each with ``memory_bytes``."""

    parallel: int
    memory_bytes: int


def helm_room(settings: Settings, limit: int | None) -> HelmRoom:
    """Return the room of a process whose memory is limited to ``limit`` bytes; None means no limit."""
    parallel, memory = settings.tasks_per_process or MOST_RUNS, settings.helm_memory or MOST_MIB
    if limit is not None:
        room = limit // MIB - OWN_MIB
        fitting = room // (settings.helm_memory or ENOUGH_MIB)
        parallel = settings.tasks_per_process or _between(1, fitting, MOST_RUNS)
        memory = settings.helm_memory or _between(ENOUGH_MIB, room // parallel, MOST_MIB)
    return HelmRoom(parallel=parallel, memory_bytes=memory * MIB)


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))
