"""Readiness: which actors must be at work."""

from __future__ import annotations

from uuid import uuid4

from platz.actors.actor_registry import Health
from platz.actors.supervisor import runner_name
from platz.wiring.web import SILENT_SECONDS, idle_actors, silent_actors


def health(name: str, *, ready: bool, silent: float = 0.0) -> Health:
    return Health(name=name, ready=ready, depth=0, silent_seconds=silent, describes="")


def test_an_actor_that_has_not_looked_yet_is_idle() -> None:
    everyone = [health("resource-tracker", ready=False), health("status-poller", ready=True)]
    assert idle_actors(everyone) == ["resource-tracker"]


def test_a_cluster_that_begins_to_be_served_makes_nobody_unready() -> None:
    assert idle_actors([health(runner_name(uuid4()), ready=False)]) == []


def test_an_actor_that_misses_its_heartbeats_is_silent_runners_included() -> None:
    runner = runner_name(uuid4())
    everyone = [
        health(runner, ready=True, silent=SILENT_SECONDS + 1),
        health("status-poller", ready=True, silent=SILENT_SECONDS - 1),
    ]
    assert silent_actors(everyone) == [runner]
