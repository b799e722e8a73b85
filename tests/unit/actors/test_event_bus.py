"""The event bus: facts reach who asked for them, and states reach late comers too."""

from __future__ import annotations

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.actors.event_bus import EventBus
from platz.actors.messages import CatchUp, RowChanged, Tick


class Ear:
    """A listener that needs no thread: the event bus only ever calls `tell`."""

    def __init__(self, *, alive: bool = True) -> None:
        self.heard: list[object] = []
        self._alive = alive

    def tell(self, message: object) -> None:
        if not self._alive:
            raise pykka.ActorDeadError
        self.heard.append(message)


def test_a_dead_listener_does_not_stop_the_others() -> None:
    board, dead, live = EventBus(), Ear(alive=False), Ear()
    board.subscribe("dead", dead, messages={Tick}, tables=None)
    board.subscribe("live", live, messages={Tick}, tables=None)
    board.publish(Tick(name="x"))
    assert live.heard == [Tick(name="x")]


def test_a_sticky_state_is_told_to_a_late_subscriber_until_it_is_removed() -> None:
    board, early, late, later = EventBus(), Ear(), Ear(), Ear()
    board.subscribe("early", early, messages={Tick, CatchUp}, tables=None)
    board.publish_sticky("key", Tick(name="on"))
    board.subscribe("late", late, messages={Tick}, tables=None)
    board.remove_sticky("key", CatchUp())
    board.subscribe("later", later, messages={Tick}, tables=None)
    assert early.heard == [Tick(name="on"), CatchUp()]
    assert late.heard == [Tick(name="on")]
    assert later.heard == []


def test_a_successor_takes_its_predecessors_place() -> None:
    board, old, new = EventBus(), Ear(), Ear()
    board.subscribe("a", old, messages={Tick}, tables=None)
    board.subscribe("a", new, messages={Tick}, tables=None)
    board.publish(Tick(name="x"))
    assert (old.heard, new.heard) == ([], [Tick(name="x")])


def test_a_predecessor_that_ends_late_does_not_make_its_successor_deaf() -> None:
    board, old, new = EventBus(), Ear(), Ear()
    board.subscribe("a", old, messages={Tick}, tables=None)
    board.subscribe("a", new, messages={Tick}, tables=None)
    board.unsubscribe("a", old)
    board.publish(Tick(name="x"))
    assert new.heard == [Tick(name="x")]
    board.unsubscribe("a", new)
    board.publish(Tick(name="y"))
    assert new.heard == [Tick(name="x")]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["t", "u"])), max_size=30))
@pytest.mark.filterwarnings("default")
def test_each_listener_hears_exactly_its_tables_in_order(events: list[tuple[str, str]]) -> None:
    board = EventBus()
    ears = {name: Ear() for name in ("t", "u", "all")}
    for name, ear in ears.items():
        board.subscribe(name, ear, messages={RowChanged}, tables=None if name == "all" else {name})
    sent = [RowChanged(table=table, changes=()) for _, table in events]
    for message in sent:
        board.publish(message)
    assert ears["all"].heard == sent
    for name in ("t", "u"):
        assert ears[name].heard == [m for m in sent if m.table == name]
