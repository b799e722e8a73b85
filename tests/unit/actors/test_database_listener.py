"""The listener while there is no database."""

from __future__ import annotations

import pytest
from waiting import eventually

from platz.actors import database_listener
from platz.actors.actor import ActorContext
from platz.actors.database_listener import BACKOFF, DatabaseListener
from platz.backoff import EXACT, Backoff
from platz.db.address import DatabaseAddress
from platz.db.database import Database


def test_a_lost_database_is_looked_for_at_least_every_three_seconds(
    actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Noted(Backoff):
        def after(self, failures: int) -> float:
            waits.append(super().after(failures))
            return 0.0

    monkeypatch.setattr(
        database_listener, "BACKOFF", Noted(first=BACKOFF.first, limit=BACKOFF.limit, spread=EXACT)
    )
    nowhere = Database(DatabaseAddress(host="127.0.0.1", port=1, database="none", user="nobody"))
    listener = DatabaseListener.start(
        name="listener", generation=0, actor_context=actor_context, database=nowhere
    )
    eventually(lambda: len(waits) >= 12, seconds=10)
    listener.stop()
    assert max(waits) == 3.0
