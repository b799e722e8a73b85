"""A process tells once that another one has a role."""

from __future__ import annotations

from typing import Any, cast

from structlog.testing import capture_logs

from platz.actors.actor import ActorContext
from platz.actors.leased_actor import LeasedActor
from platz.actors.messages import Tick
from platz.db.leases import LeaseKeeper


class Taken:
    """The leases of a process beside one that holds them all."""

    def __init__(self) -> None:
        self.tries = 0

    def try_acquire(self, _name: str) -> bool:
        self.tries += 1
        return False


class Sweeper(LeasedActor):
    """Would sweep."""

    role = "sweeping"


def test_a_role_that_another_process_has_is_told_once(actor_context: ActorContext) -> None:
    leases = Taken()
    with capture_logs() as told:
        ref = Sweeper.start(
            name="sweeper",
            generation=0,
            actor_context=actor_context,
            leases=cast("LeaseKeeper", cast("Any", leases)),
        )
        for _ in range(3):
            ref.tell(Tick(name="try for the lease"))
        ref.stop(timeout=10)
    assert leases.tries > 1
    assert [line["role"] for line in told if line.get("action") == "wait"] == ["sweeping"]
