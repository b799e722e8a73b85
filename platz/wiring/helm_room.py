"""How many runs of Helm this process may have at once, and how much memory each: what its limit of memory has room for.

Invariant: a setting that is given counts as it is. Otherwise all runs together, of tasks and of previews, fit beside
the process itself, so the kernel does not end the process because users deploy or look at previews.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.config import Role, Settings

MIB = 1024 * 1024
MOST_TASKS = 8
MOST_PREVIEWS = 2
"""How many previews render at once; others wait for their turn, within their own limit."""
TASKS_TO_A_PREVIEW = 3
"""How many places tasks get for each that previews get, where there are not enough for both."""
MOST_MIB = 1024
ENOUGH_MIB = 384
"""What a run should be able to have: Helm with a common chart takes some 100 MiB, one with large templates 300."""
OWN_MIB = 256
"""What is left for the process itself and a warm child."""


@dataclass(frozen=True, kw_only=True)
class HelmRoom:
    """The runs at once of ``tasks`` and of ``previews``, 0 where the roles have none, and the memory of each run."""

    tasks: int
    previews: int
    memory_bytes: int


def helm_room(settings: Settings, limit: int | None) -> HelmRoom:
    """Return the room of a process whose memory is limited to ``limit`` bytes; None means no limit."""
    deploys, shows = Role.DEPLOY in settings.roles, Role.API in settings.roles
    tasks = (settings.tasks_per_process or MOST_TASKS) if deploys else 0
    previews = MOST_PREVIEWS if shows else 0
    memory = settings.helm_memory or MOST_MIB
    if limit is not None:
        room = limit // MIB - OWN_MIB
        places = room // (settings.helm_memory or ENOUGH_MIB)
        share = places // (TASKS_TO_A_PREVIEW + 1) if deploys else places
        previews = _between(1, share, previews) if shows else 0
        if deploys and not settings.tasks_per_process:
            tasks = _between(1, places - previews, tasks)
        runs = max(1, tasks + previews)
        memory = settings.helm_memory or _between(ENOUGH_MIB, room // runs, MOST_MIB)
    return HelmRoom(tasks=tasks, previews=previews, memory_bytes=memory * MIB)


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))
