"""Periodic messages: none is lost to a busy mailbox, and none waits twice."""

from __future__ import annotations

import threading
from collections import Counter

import pykka
from waiting import eventually

from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import Tick

HOURLY = Tick(name="hourly")
OFTEN = Tick(name="often")


class Sleeper(Actor):
    """Handles its first message when the gate opens, and counts the others."""

    def __init__(self, *, actor_context: ActorContext, gate: threading.Event) -> None:
        super().__init__(name="sleeper", generation=0, actor_context=actor_context)
        self.counts: Counter[str] = Counter()
        self._gate = gate

    def handle(self, message: object) -> None:
        assert isinstance(message, Tick)
        if message.name == "sleep":
            assert self._gate.wait(20)
        self.counts[message.name] += 1


def asleep(actor_context: ActorContext, gate: threading.Event) -> tuple[Sleeper, pykka.ActorRef[Sleeper]]:
    """A sleeper at its first message, with another one waiting in its mailbox."""
    ref = Sleeper.start(actor_context=actor_context, gate=gate)
    ref.tell(Tick(name="sleep"))
    ref.tell(Tick(name="other"))
    actor = ref._actor_weakref()
    assert actor is not None
    eventually(lambda: actor.depth == 1)
    return actor, ref


def test_a_periodic_message_is_not_skipped_because_others_wait(actor_context: ActorContext) -> None:
    """A cluster search that is due once an hour must not wait an hour because an event came just then."""
    gate = threading.Event()
    actor, ref = asleep(actor_context, gate)
    actor_context.timers.every(ref, HOURLY, seconds=3600, first=0)
    eventually(lambda: actor.depth == 2)
    gate.set()
    eventually(lambda: actor.counts["hourly"] == 1)


def test_a_periodic_message_never_waits_twice(actor_context: ActorContext) -> None:
    gate = threading.Event()
    actor, ref = asleep(actor_context, gate)
    actor_context.timers.every(ref, OFTEN, seconds=0.01, first=0)
    awake = threading.Event()
    awake.set()
    witness_ref = Sleeper.start(actor_context=actor_context, gate=awake)
    witness = witness_ref._actor_weakref()
    assert witness is not None
    actor_context.timers.every(witness_ref, OFTEN, seconds=0.01, first=0)
    eventually(lambda: witness.counts["often"] > 20)
    assert actor.depth == 2
    gate.set()
    eventually(lambda: actor.counts["often"] > 3)


def test_a_cancelled_timer_sends_nothing_more(actor_context: ActorContext) -> None:
    gate = threading.Event()
    gate.set()
    ref = Sleeper.start(actor_context=actor_context, gate=gate)
    timer = actor_context.timers.every(ref, OFTEN, seconds=0.01, first=0)
    actor = ref._actor_weakref()
    assert actor is not None
    eventually(lambda: actor.counts["often"] > 3)
    timer.cancel()
    ref.ask(Tick(name="other"))
    before = actor.counts["often"]
    eventually(lambda: timer not in actor_context.timers._pending)
    ref.ask(Tick(name="other"))
    assert actor.counts["often"] <= before + 1
