"""What a client is told that was away, or whose rights changed: everything that it needs, and nothing that it may not
see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from live_fakes import ABROAD, HOME, FakeRights, change

from platz.access.tokens import PageState
from platz.access.visibility import EVERYTHING, NOTHING, Scope
from platz.db.events import RowChange
from platz.db.lists.missed_changes import DatedChange
from platz.errors import Retryable
from platz.http.live import feed as live_feed
from platz.http.live.connected_client import QUEUE_LIMIT, LiveClient
from platz.http.live.feed import LiveFeed
from platz.http.live.gaps import Gap, gap_of_page, missed

AT_HOME, ABROAD_ONLY = Scope(env_ids=frozenset({HOME})), Scope(env_ids=frozenset({ABROAD}))
Told = list[tuple[str, object]]


def dated(operation: str, changed_in: int, table: str = "deployments", env_id: object = HOME) -> DatedChange:
    return DatedChange(change=change(table, operation, env_id=env_id), changed_in=changed_in)  # type: ignore[arg-type]


def told(gap: Gap, *, rows: Sequence[RowChange] = (), records: Sequence[DatedChange] = (),
         changed: Sequence[DatedChange] = ()) -> Told:  # fmt: skip
    return [(each.operation, each.id) for each in missed(gap, rows=rows, records=records, changed=changed)]


def test_a_page_that_was_away_reads_what_changed_since_it_was_loaded() -> None:
    gap = Gap(before=AT_HOME, now=AT_HOME, since=100)
    old, new, foreign = dated("UPDATE", 99), dated("UPDATE", 100), dated("UPDATE", 101, env_id=ABROAD)
    everybodys = dated("UPDATE", 101, "helm_charts", None)
    assert told(gap, changed=[old, new, foreign, everybodys]) == [
        ("UPDATE", new.change.id),
        ("UPDATE", everybodys.change.id),
    ]


def test_it_drops_what_was_deleted_since() -> None:
    gap = Gap(before=AT_HOME, now=AT_HOME, since=100)
    old, new, foreign = dated("DELETE", 99), dated("DELETE", 100), dated("DELETE", 101, env_id=ABROAD)
    assert told(gap, records=[old, new, foreign]) == [("DELETE", new.change.id)]


def test_a_row_that_moved_is_dropped_before_it_is_read() -> None:
    gap = Gap(before=EVERYTHING, now=EVERYTHING, since=100)
    arrived, left = dated("UPDATE", 100, env_id=ABROAD), dated("DELETE", 100)
    assert [operation for operation, _ in told(gap, records=[arrived, left])] == ["DELETE", "UPDATE"]


def test_an_environment_that_was_granted_is_read_whole() -> None:
    gap = Gap(before=NOTHING, now=AT_HOME, since=None)
    mine, foreign = change(operation="INSERT"), change(operation="INSERT", env_id=ABROAD)
    assert told(gap, rows=[mine, foreign]) == [("INSERT", mine.id)]


def test_an_environment_that_was_taken_is_dropped_whole() -> None:
    gap = Gap(before=AT_HOME, now=NOTHING, since=None)
    mine, foreign = change(operation="INSERT"), change(operation="INSERT", env_id=ABROAD)
    membership = dated("DELETE", 1, "env_user_permissions")
    assert told(gap, rows=[mine, foreign], records=[membership]) == [
        ("DELETE", mine.id),
        ("DELETE", HOME),
        ("DELETE", membership.change.id),
    ]


def test_who_is_no_site_admin_any_more_keeps_only_their_own_environments() -> None:
    gap = Gap(before=EVERYTHING, now=AT_HOME, since=None)
    mine, foreign = change(operation="INSERT"), change(operation="INSERT", env_id=ABROAD)
    nobodys = change("deployment_resources", "INSERT", env_id=None)
    assert told(gap, rows=[mine, foreign, nobodys]) == [("DELETE", foreign.id), ("DELETE", nobodys.id)]
    back = replace(gap, before=AT_HOME, now=EVERYTHING)
    assert told(back, rows=[mine, foreign, nobodys]) == [("INSERT", foreign.id), ("INSERT", nobodys.id)]


def test_a_page_with_too_many_environments_to_remember_counts_as_having_seen_all_of_now() -> None:
    page = PageState(since=7, everything=False, env_ids=None)
    assert gap_of_page(page, AT_HOME) == Gap(before=AT_HOME, now=AT_HOME, since=7)


class Missed:
    """The database's side: notes what is asked, and answers with what a test gives."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self.errors: list[Exception] = []
        self.changes: list[RowChange] = []

    def __call__(self, gaps: Sequence[Gap]) -> Sequence[Sequence[RowChange]]:
        if self.errors:
            raise self.errors.pop()
        self.gaps.extend(gaps)
        return [self.changes for _ in gaps]


async def next_event(client: LiveClient) -> tuple[str, object]:
    message = orjson.loads((await asyncio.wait_for(client.next_message(), 5))["text"])
    return message["operation"], message["data"]["id"]


def returning(rights: FakeRights, page: PageState, scope: Scope, *, everything: bool = True) -> LiveClient:
    client = rights.client(scope, everything=everything)
    client.authenticated = replace(client.authenticated, page=page)
    return client


PAGE = PageState(since=5, everything=False, env_ids=frozenset({HOME}))


def test_a_returning_page_is_told_first_what_it_missed_however_much_that_is() -> None:
    async def story() -> None:
        rights, reader = FakeRights(), Missed()
        reader.changes = [change() for _ in range(2 * QUEUE_LIMIT)]
        feed, client = LiveFeed(rights, reader, sweep_seconds=60), returning(rights, PAGE, AT_HOME)
        feed.join(client)
        later = change()
        feed.publish([later])
        for each in [*reader.changes, later]:
            assert await next_event(client) == ("UPDATE", str(each.id))
        assert reader.gaps == [Gap(before=AT_HOME, now=AT_HOME, since=5)]

    asyncio.run(story())


def test_what_was_missed_is_read_again_until_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "RETRY_SECONDS", 0.01)

    async def story() -> None:
        rights, reader = FakeRights(), Missed()
        reader.errors, reader.changes = [Retryable("no database")], [change()]
        feed, client = LiveFeed(rights, reader, sweep_seconds=60), returning(rights, PAGE, AT_HOME)
        feed.join(client)
        assert await next_event(client) == ("UPDATE", str(reader.changes[0].id))

    asyncio.run(story())


def test_many_who_come_back_together_are_read_together() -> None:
    async def story() -> None:
        rights, reads = FakeRights(), []

        def read(gaps: Sequence[Gap]) -> Sequence[Sequence[RowChange]]:
            reads.append(len(gaps))
            return [[change()] for _ in gaps]

        feed = LiveFeed(rights, read, sweep_seconds=60)
        clients = [returning(rights, PAGE, AT_HOME) for _ in range(50)]
        for client in clients:
            feed.join(client)
        for client in clients:
            await next_event(client)
        assert reads == [50]

    asyncio.run(story())


def test_a_change_of_rights_is_told_before_later_events_and_only_where_it_was_asked_for() -> None:
    async def story() -> None:
        rights, reader = FakeRights(), Missed()
        feed = LiveFeed(rights, reader, sweep_seconds=60)
        page, script = rights.client(NOTHING), rights.client(NOTHING, everything=False)
        for client in (page, script):
            feed.join(client)
            rights.scopes[client.identity] = AT_HOME
        env, later = change("envs", "INSERT"), change("helm_charts", env_id=None)
        reader.changes = [env]
        feed.publish([change("env_user_permissions", "INSERT"), later])
        assert await next_event(page) == ("INSERT", str(env.id))
        assert (await next_event(page))[0] == "INSERT"  # the membership itself
        assert await next_event(page) == ("UPDATE", str(later.id))
        assert not script._missed

    asyncio.run(story())


def test_what_waits_to_be_read_is_forgotten_with_the_right_to_read_it() -> None:
    async def story() -> None:
        client = FakeRights().client(EVERYTHING)
        mine, foreign, gone = change(), change(env_id=ABROAD), change(operation="DELETE", env_id=ABROAD)
        client.bring_up_to_date([mine, foreign, gone])
        client.change_scope(AT_HOME)
        assert [await next_event(client), await next_event(client)] == [
            ("UPDATE", str(mine.id)),
            ("DELETE", str(gone.id)),
        ]
        assert not client._missed

    asyncio.run(story())


def test_a_client_that_was_ended_is_told_nothing_more() -> None:
    async def story() -> None:
        client = FakeRights().client(EVERYTHING)
        client.bring_up_to_date([change(row=uuid4())])
        client.end(live_feed.close_reasons.RIGHTS_GONE)
        client.bring_up_to_date([change()])
        assert not client._missed

    asyncio.run(story())
