"""The actor base class: what every actor can rely on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from waiting import eventually

from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import Heartbeat, ListeningResumed, RowChanged, Tick
from platz.errors import Retryable


class Recorder(Actor):
    """Writes down what happens to it; ``script`` decides what each look does."""

    hears = frozenset({RowChanged})
    tables = frozenset({"deployments"})

    def __init__(
        self,
        *,
        actor_context: ActorContext,
        generation: int = 0,
        look: Callable[[int], None] = lambda _: None,
    ) -> None:
        super().__init__(name="recorder", generation=generation, actor_context=actor_context)
        self.heard: list[object] = []
        self.looks = 0
        self.released = threading.Event()
        self._script = look

    def catch_up(self) -> None:
        self.looks += 1
        self._script(self.looks)

    def handle(self, message: object) -> object:
        if message == Tick(name="explode"):
            raise ValueError("boom")
        if message == Tick(name="wait"):
            raise Retryable("the database is away")
        self.heard.append(message)
        return len(self.heard)

    def on_stopped(self) -> None:
        self.released.set()


def start(actor_context: ActorContext, **kwargs: object) -> tuple[Recorder, object]:
    ref = Recorder.start(actor_context=actor_context, **kwargs)
    return ref._actor_weakref(), ref


def test_an_actor_looks_at_everything_before_it_handles_messages(actor_context: ActorContext) -> None:
    actor, ref = start(actor_context)
    ref.tell(Tick(name="a"))
    eventually(lambda: actor.heard)
    assert actor.looks == 1
    assert not actor_context.actor_registry.wait_until_ready(["recorder"], seconds=1)


def test_it_hears_only_the_tables_it_asked_for(actor_context: ActorContext) -> None:
    actor, _ = start(actor_context)
    actor_context.actor_registry.wait_until_ready(["recorder"], seconds=5)
    actor_context.event_bus.publish(RowChanged(table="users", changes=()))
    actor_context.event_bus.publish(RowChanged(table="deployments", changes=()))
    actor_context.event_bus.publish(Tick(name="nobody asked"))
    eventually(lambda: actor.heard)
    assert actor.heard == [RowChanged(table="deployments", changes=())]


def test_it_looks_again_when_listening_resumed(actor_context: ActorContext) -> None:
    actor, _ = start(actor_context)
    actor_context.actor_registry.wait_until_ready(["recorder"], seconds=5)
    actor_context.event_bus.publish(ListeningResumed())
    assert eventually(lambda: actor.looks == 2)


def test_a_retryable_error_is_followed_by_another_look_and_the_actor_lives(
    actor_context: ActorContext, failures: list[object]
) -> None:
    actor, ref = start(actor_context)
    ref.tell(Tick(name="wait"))
    eventually(lambda: actor.looks == 2)
    assert ref.ask(Tick(name="still here"), timeout=5) == 1
    assert failures == []


def test_many_messages_that_fail_meanwhile_do_not_put_off_the_next_look(actor_context: ActorContext) -> None:
    actor, ref = start(actor_context)
    for _ in range(50):
        ref.tell(Tick(name="wait"))
    assert eventually(lambda: actor.looks == 2)


def test_a_look_that_fails_at_start_is_repeated_until_it_succeeds(
    actor_context: ActorContext, failures: list[object]
) -> None:
    def away_twice(look: int) -> None:
        if look <= 2:
            raise Retryable

    actor, _ = start(actor_context, look=away_twice)
    assert eventually(lambda: actor.looks == 3)
    assert failures == []


def test_an_exception_in_a_message_ends_the_actor_and_is_told(
    actor_context: ActorContext, failures: list[tuple[str, int, BaseException]]
) -> None:
    actor, ref = start(actor_context, generation=7)
    ref.tell(Tick(name="explode"))
    eventually(lambda: failures)
    name, generation, error = failures[0]
    assert (name, generation, str(error)) == ("recorder", 7, "boom")
    assert actor.released.is_set()
    assert not ref.is_alive()


def test_an_exception_at_start_ends_the_actor_and_is_told(
    actor_context: ActorContext, failures: list[tuple[str, int, BaseException]]
) -> None:
    def broken(_: int) -> None:
        raise KeyError("no such thing")

    actor, ref = start(actor_context, look=broken)
    eventually(lambda: failures)
    assert actor.released.is_set()
    eventually(lambda: not ref.is_alive())
    assert actor_context.actor_registry.health() == ()


def test_a_heartbeat_is_answered(actor_context: ActorContext) -> None:
    _, ref = start(actor_context)
    assert ref.ask(Heartbeat(), timeout=5) is True


def test_the_dump_tells_state_and_stack(actor_context: ActorContext) -> None:
    start(actor_context)
    actor_context.actor_registry.wait_until_ready(["recorder"], seconds=5)
    assert "recorder: 0 waiting" in actor_context.actor_registry.dump()
    assert "_actor_loop" in actor_context.actor_registry.dump()
