"""The base class of leased actors, whose work one process, the leader, does for all (status polling, for example).

Invariant: a leased actor works only while its process holds the role's lease; otherwise it only tries to get the
lease. So several copies of Platz share the roles, and the roles of a dead copy move to others within seconds.
"""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import LeaseLost, Tick
from platz.db.leases import LeaseKeeper

TRY_SECONDS = 3.0
_TRY = Tick(name="try for the lease")


class LeasedActor(Actor):
    """An actor that works while it holds the lease of ``role``; subclasses override `refresh`, `handle_as_leader` and
    `on_lost`.
    """

    role: ClassVar[str]

    def __init__(
        self, *, name: str, generation: int, actor_context: ActorContext, leases: LeaseKeeper
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self.is_leader = False
        self._told_to_wait = False
        self._leases = leases

    @property
    def lease(self) -> str:
        """The name of the role's lease."""
        return f"platz:role:{self.role}"

    def refresh(self) -> None:
        """Look at everything; runs when this process becomes the leader, and when changes may have been missed."""

    def handle_as_leader(self, message: object) -> None:
        """Handle a message; called only while this process is the leader."""
        super().handle(message)

    def on_lost(self) -> None:
        """Stop working, because the lease is lost or the actor ends."""

    @override
    def on_started(self) -> None:
        self.every(_TRY, seconds=TRY_SECONDS)

    @override
    def catch_up(self) -> None:
        if not self._leases.try_acquire(self.lease):
            if not self._told_to_wait:
                self.log.info("Another process has the role", action="wait", role=self.role)
            self._told_to_wait = True
            return
        if not self.is_leader:
            self.log.info("This process takes the role", action="acquire", role=self.role)
        self.is_leader, self._told_to_wait = True, False
        self.refresh()

    @override
    def handle(self, message: object) -> None:
        match message:
            case Tick(name=_TRY.name):
                if not self.is_leader:
                    self.catch_up()
            case LeaseLost(names=names):
                if self.lease in names and self.is_leader:
                    self.is_leader = False
                    self.on_lost()
            case _ if self.is_leader and self._leases.holds(self.lease):
                self.handle_as_leader(message)
            case _:
                pass  # another process's work, or soon so

    @override
    def on_stopped(self) -> None:
        self.on_lost()
        if self.is_leader:
            self.is_leader = False
            self._leases.release(self.lease)
