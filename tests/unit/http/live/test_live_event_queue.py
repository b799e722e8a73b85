"""The queue of events: bounded, in order, with repeated updates of a row as one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.db.events import RowChange
from platz.http.live.event_queue import EventQueue
from platz.http.live.frames import LiveEvent
from platz.identities import EnvId

HOME, ABROAD = EnvId(UUID(int=1)), EnvId(UUID(int=2))


def event(operation: str = "UPDATE", row: int = 1, env_id: EnvId | None = HOME) -> LiveEvent:
    return LiveEvent(RowChange(table="deployments", operation=operation, id=UUID(int=row), env_id=env_id))


def queue(*events: LiveEvent, limit: int = 100) -> EventQueue:
    made = EventQueue(limit)
    for each in events:
        assert made.add(each)
    return made


def test_events_leave_in_the_order_they_came() -> None:
    events = [event("INSERT", 1), event("UPDATE", 2), event("DELETE", 3)]
    assert queue(*events).take_all() == events


def test_repeated_updates_of_a_row_are_one() -> None:
    first = event()
    assert queue(first, event(row=2), event(), event()).take_all()[0] is first
    assert len(queue(first, event(), event())) == 1


def test_updates_in_two_environments_are_two() -> None:
    assert len(queue(event(), event(env_id=ABROAD), event(env_id=None))) == 3


def test_an_update_after_the_first_was_taken_is_new() -> None:
    made = queue(event())
    made.take()
    assert made.add(event())
    assert len(made) == 1


@pytest.mark.parametrize("between", ["INSERT", "DELETE"])
def test_an_update_after_another_event_of_the_row_is_kept(between: str) -> None:
    assert len(queue(event(), event(between), event())) == 3


@pytest.mark.parametrize("operation", ["INSERT", "DELETE"])
def test_other_operations_are_never_left_out(operation: str) -> None:
    assert len(queue(event(operation), event(operation))) == 2


def test_a_full_queue_refuses_what_it_can_not_coalesce() -> None:
    made = queue(event(row=1), event(row=2), limit=2)
    assert made.add(event(row=2))
    assert not made.add(event(row=3))
    assert len(made) == 2


def test_what_is_refused_is_not_thought_to_wait() -> None:
    made = queue(event(row=1), limit=1)
    assert not made.add(event(row=2))
    made.take()
    assert made.add(event(row=2))
    assert len(made) == 1


def test_unwanted_events_are_dropped() -> None:
    made = queue(event(row=1), event(row=2, env_id=ABROAD), event("DELETE", 3))
    made.keep(lambda each: each.env_id == HOME)
    assert [each.row[1] for each in made.take_all()] == [UUID(int=1), UUID(int=3)]


@given(
    st.lists(
        st.one_of(
            st.just("take"), st.tuples(st.sampled_from(["INSERT", "UPDATE", "DELETE"]), st.integers(1, 3))
        ),
        max_size=60,
    )
)
def test_after_the_last_event_of_a_row_a_client_has_always_something_to_read(steps: list) -> None:
    """Whatever happened last to a row is told at or after the time when it happened."""
    made, told = EventQueue(1000), {}
    last: dict[UUID, int] = {}
    for moment, step in enumerate(steps):
        if step == "take":
            if made:
                taken = made.take()
                told[taken.row[1]] = moment
        else:
            operation, row = step
            made.add(event(operation, row))
            last[UUID(int=row)] = moment
    for taken in made.take_all():
        told[taken.row[1]] = len(steps)
    assert all(told.get(row, -1) >= moment for row, moment in last.items())
