"""Readiness: which actors must be at work."""

from __future__ import annotations

from uuid import uuid4

from platz.actors.actor_registry import Health
from platz.actors.supervisor import runner_name
from platz.wiring.web import idle_actors


def health(name: str, *, ready: bool) -> Health:
    return Health(name=name, ready=ready, depth=0, silent_seconds=0.0, describes="")


def test_an_actor_that_has_not_looked_yet_is_idle() -> None:
    everyone = [health("resource-tracker", ready=False), health("status-poller", ready=True)]
    assert idle_actors(everyone) == ["resource-tracker"]


def test_a_cluster_that_begins_to_be_served_makes_nobody_unready() -> None:
    assert idle_actors([health(runner_name(uuid4()), ready=False)]) == []
