"""The actor base class: what every actor can rely on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from waiting import eventually

from platz.actors.actor import Actor, House
from platz.actors.messages import Heartbeat, ListeningResumed, RowChanged, Tick
from platz.errors import Retryable


class Recorder(Actor):
    """Writes down what happens to it; ``script`` decides what each look does."""

    hears = frozenset({RowChanged})
    tables = frozenset({"deployments"})

    def __init__(
        self, *, house: House, generation: int = 0, look: Callable[[int], None] = lambda _: None
    ) -> None:
        super().__init__(name="recorder", generation=generation, house=house)
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

    def release(self) -> None:
        self.released.set()


def start(house: House, **kwargs: object) -> tuple[Recorder, object]:
    ref = Recorder.start(house=house, **kwargs)
    return ref._actor_weakref(), ref


def test_an_actor_looks_at_everything_before_it_handles_messages(house: House) -> None:
    actor, ref = start(house)
    ref.tell(Tick(name="a"))
    eventually(lambda: actor.heard)
    assert actor.looks == 1
    assert not house.roster.wait_until_ready(["recorder"], seconds=1)


def test_it_hears_only_the_tables_it_asked_for(house: House) -> None:
    actor, _ = start(house)
    house.roster.wait_until_ready(["recorder"], seconds=5)
    house.switchboard.publish(RowChanged(table="users", changes=()))
    house.switchboard.publish(RowChanged(table="deployments", changes=()))
    house.switchboard.publish(Tick(name="nobody asked"))
    eventually(lambda: actor.heard)
    assert actor.heard == [RowChanged(table="deployments", changes=())]


def test_it_looks_again_when_listening_resumed(house: House) -> None:
    actor, _ = start(house)
    house.roster.wait_until_ready(["recorder"], seconds=5)
    house.switchboard.publish(ListeningResumed())
    assert eventually(lambda: actor.looks == 2)


def test_a_retryable_error_is_followed_by_another_look_and_the_actor_lives(
    house: House, failures: list[object]
) -> None:
    actor, ref = start(house)
    ref.tell(Tick(name="wait"))
    eventually(lambda: actor.looks == 2)
    assert ref.ask(Tick(name="still here"), timeout=5) == 1
    assert failures == []


def test_many_messages_that_fail_meanwhile_do_not_put_off_the_next_look(house: House) -> None:
    actor, ref = start(house)
    for _ in range(50):
        ref.tell(Tick(name="wait"))
    assert eventually(lambda: actor.looks == 2)


def test_a_look_that_fails_at_start_is_repeated_until_it_succeeds(
    house: House, failures: list[object]
) -> None:
    def away_twice(look: int) -> None:
        if look <= 2:
            raise Retryable

    actor, _ = start(house, look=away_twice)
    assert eventually(lambda: actor.looks == 3)
    assert failures == []


def test_an_exception_in_a_message_ends_the_actor_and_is_told(
    house: House, failures: list[tuple[str, int, BaseException]]
) -> None:
    actor, ref = start(house, generation=7)
    ref.tell(Tick(name="explode"))
    eventually(lambda: failures)
    name, generation, error = failures[0]
    assert (name, generation, str(error)) == ("recorder", 7, "boom")
    assert actor.released.is_set()
    assert not ref.is_alive()


def test_an_exception_at_start_ends_the_actor_and_is_told(
    house: House, failures: list[tuple[str, int, BaseException]]
) -> None:
    def broken(_: int) -> None:
        raise KeyError("no such thing")

    actor, ref = start(house, look=broken)
    eventually(lambda: failures)
    assert actor.released.is_set()
    eventually(lambda: not ref.is_alive())
    assert house.roster.health() == ()


def test_a_heartbeat_is_answered(house: House) -> None:
    _, ref = start(house)
    assert ref.ask(Heartbeat(), timeout=5) is True


def test_the_dump_tells_state_and_stack(house: House) -> None:
    start(house)
    house.roster.wait_until_ready(["recorder"], seconds=5)
    assert "recorder: 0 waiting" in house.roster.dump()
    assert "_actor_loop" in house.roster.dump()
