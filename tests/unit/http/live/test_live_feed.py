"""The feed: who gets which event, by the rights of which moment, and how clients end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_fakes import ABROAD, HOME, FakeRights, all_passed_on, change, next_id, queued, subscribe, until

from platz.access.visibility import EVERYTHING, GLOBAL_TABLES, NOTHING, Scope
from platz.db.events import EVENT_TABLES
from platz.errors import Retryable
from platz.http.live import connected_client as close_reasons
from platz.http.live import feed as live_feed
from platz.http.live.connected_client import QUEUE_LIMIT
from platz.http.live.feed import LiveFeed
from platz.http.live.subscriptions import LIMIT, TooManySubscriptions
from platz.identities import EnvId

AT_HOME = Scope(env_ids=frozenset({HOME}))
MARK = "helm_charts"  # everybody gets events of this table: the end of what a test looks at


def run(story: Callable[[LiveFeed, FakeRights], Awaitable[None]], *, sweep_seconds: float = 60) -> None:
    async def whole() -> None:
        rights = FakeRights()
        await story(LiveFeed(rights, sweep_seconds=sweep_seconds), rights)

    asyncio.run(whole())


def test_an_event_reaches_everyone_who_may_see_it() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        member, stranger, admin = (rights.client(scope) for scope in (AT_HOME, NOTHING, EVERYTHING))
        for client in (member, stranger, admin):
            feed.join(client)
        seen, mark = change(), change(MARK, env_id=None)
        feed.publish([seen, mark])
        assert [await next_id(member), await next_id(member)] == [seen.id, mark.id]
        assert [await next_id(admin), await next_id(admin)] == [seen.id, mark.id]
        assert await next_id(stranger) == mark.id

    run(story)


@pytest.mark.parametrize("table", sorted(GLOBAL_TABLES))
def test_global_tables_are_for_everybody(table: str) -> None:
    assert NOTHING.sees_change(table, None)


@pytest.mark.parametrize("table", sorted(EVENT_TABLES - GLOBAL_TABLES))
def test_tables_of_environments_are_for_their_members(table: str) -> None:
    assert AT_HOME.sees_change(table, HOME)
    assert not AT_HOME.sees_change(table, ABROAD)
    assert not AT_HOME.sees_change(table, None)
    assert EVERYTHING.sees_change(table, None)


def test_a_client_gets_only_what_it_subscribed_to() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING, everything=False)
        feed.join(client)
        client.subscribe(subscribe("deployments", HOME))
        client.subscribe(subscribe("secrets"))
        unwanted = [change(env_id=ABROAD), change(env_id=None), change("envs")]
        wanted = [change(env_id=HOME), change("secrets", env_id=ABROAD), change("secrets", env_id=None)]
        feed.publish([*unwanted, *wanted])
        assert [await next_id(client) for _ in wanted] == [each.id for each in wanted]

    run(story)


def test_a_subscription_does_not_give_rights() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(AT_HOME, everything=False)
        feed.join(client)
        client.subscribe(subscribe("deployments"))
        client.subscribe(subscribe("deployments", ABROAD))
        mine = change()
        feed.publish([change(env_id=ABROAD), change(env_id=None), mine])
        assert await next_id(client) == mine.id

    run(story)


def test_the_first_subscribe_of_cookie_mode_ends_everything() -> None:
    client_wants = []

    async def story(_feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING, everything=True)
        client_wants.append(client.subscriptions.want("envs", HOME))
        client.subscribe(subscribe("deployments"))
        client_wants.append(client.subscriptions.want("envs", HOME))

    run(story)
    assert client_wants == [True, False]


def test_subscriptions_are_limited() -> None:
    async def story(_feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        for number in range(LIMIT):
            client.subscribe(subscribe("deployments", EnvId(UUID(int=number))))
        client.subscribe(subscribe("deployments", EnvId(UUID(int=0))))
        with pytest.raises(TooManySubscriptions):
            client.subscribe(subscribe("envs"))

    run(story)


def test_changes_may_come_from_any_thread() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        feed.join(client)
        changes = [change(operation="INSERT") for _ in range(400)]
        parts = [changes[start::4] for start in range(4)]
        threads = [threading.Thread(target=lambda p=part: [feed.publish([c]) for c in p]) for part in parts]
        for thread in threads:
            thread.start()
        received = {await next_id(client) for _ in changes}
        for thread in threads:
            thread.join()
        assert received == {each.id for each in changes}

    run(story)


def test_publishing_without_clients_keeps_nothing() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        feed.publish([change() for _ in range(10)])
        client = rights.client(EVERYTHING)
        feed.join(client)
        late = change()
        feed.publish([late])
        assert await next_id(client) == late.id

    run(story)


def test_a_lost_right_holds_for_the_very_next_event() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(AT_HOME)
        feed.join(client)
        await until(lambda: rights.reads > 0)
        rights.scopes[client.identity] = NOTHING
        mark = change(MARK, env_id=None)
        feed.publish([change("env_user_permissions", "DELETE"), change(), mark])
        assert await next_id(client) == mark.id

    run(story)


def test_a_gained_right_holds_for_the_very_next_event() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(NOTHING)
        feed.join(client)
        await until(lambda: rights.reads > 0)
        rights.scopes[client.identity] = AT_HOME
        granted = change("env_user_permissions", "INSERT")
        feed.publish([granted])
        assert await next_id(client) == granted.id

    run(story)


def test_what_already_waits_for_a_client_is_judged_by_its_new_rights() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client, observer = rights.client(AT_HOME), rights.client(EVERYTHING)
        for each in (client, observer):
            feed.join(each)
        feed.publish([change()])
        await until(lambda: queued(client) == 1)
        rights.scopes[client.identity] = NOTHING
        feed.publish([change("env_user_permissions", "DELETE")])
        await all_passed_on(feed, observer)
        assert queued(client) == 1  # the mark; the event that waited is gone

    run(story)


def test_who_may_not_sign_in_any_more_is_ended() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client, other = rights.client(EVERYTHING), rights.client(EVERYTHING)
        for each in (client, other):
            feed.join(each)
        await until(lambda: rights.reads > 0)
        del rights.scopes[client.identity]
        feed.publish([change("users", row=client.identity.id, env_id=None)])
        await asyncio.wait_for(client.wait_for_end(), 5)
        assert client.close_reason == close_reasons.RIGHTS_GONE
        assert other.close_reason is None

    run(story)


def test_a_replaced_signing_key_ends_everybody() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        feed.join(client)
        rights.key_fingerprint = "another"
        feed.publish([change("settings", env_id=None)])
        await asyncio.wait_for(client.wait_for_end(), 5)
        assert client.close_reason == close_reasons.RIGHTS_GONE

    run(story)


def test_rights_that_were_lost_unheard_are_noticed_by_the_sweep() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        feed.join(client)
        await until(lambda: rights.reads > 0)
        del rights.scopes[client.identity]
        await asyncio.wait_for(client.wait_for_end(), 5)

    run(story, sweep_seconds=0.05)


def test_nobody_stays_connected_who_may_have_missed_a_change() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        feed.join(client)
        await until(lambda: rights.reads > 0)
        feed.resynchronise()
        await asyncio.wait_for(client.wait_for_end(), 5)
        assert client.close_reason == close_reasons.CHANGES_MISSED
        another, event = rights.client(EVERYTHING), change()
        feed.join(another)
        feed.publish([event])
        assert await next_id(another) == event.id

    run(story)


def test_an_expired_token_ends_the_connection() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=0.2)
        client = rights.client(EVERYTHING, expires_at=soon)
        feed.join(client)
        await asyncio.wait_for(client.wait_for_end(), 5)
        assert client.close_reason == close_reasons.TOKEN_EXPIRED
        assert datetime.now(UTC) >= soon

    run(story, sweep_seconds=0.05)


def test_an_expired_token_ends_the_connection_while_rights_can_not_be_read() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING, expires_at=datetime.now(UTC) + timedelta(seconds=0.2))
        rights.error = Retryable("no database")
        feed.join(client)
        await asyncio.wait_for(client.wait_for_end(), 5)
        assert client.close_reason == close_reasons.TOKEN_EXPIRED

    run(story, sweep_seconds=0.05)


def test_while_rights_can_not_be_read_nothing_is_passed_on() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        rights.error = Retryable("no database")
        feed.join(client)
        held = change()
        feed.publish([held])
        await until(lambda: rights.reads > 1)
        assert queued(client) == 0
        rights.error = None
        assert await next_id(client) == held.id

    run(story)


def test_a_client_that_falls_behind_is_ended_and_the_others_are_not() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        slow, quick = rights.client(EVERYTHING), rights.client(EVERYTHING)
        for client in (slow, quick):
            feed.join(client)
        received = 0
        for _ in range(3):
            feed.publish([change(operation="INSERT") for _ in range(QUEUE_LIMIT // 2)])
            for _ in range(QUEUE_LIMIT // 2):
                await next_id(quick)
                received += 1
        assert received == 3 * (QUEUE_LIMIT // 2)
        assert slow.close_reason == close_reasons.FELL_BEHIND
        assert queued(slow) == 0
        assert quick.close_reason is None

    run(story)


def test_repeated_updates_do_not_make_a_client_fall_behind() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        feed.join(client)
        rows = [UUID(int=number) for number in range(10)]
        for _ in range(2 * QUEUE_LIMIT):
            feed.publish([change(row=row) for row in rows])
        await until(lambda: queued(client) == len(rows))
        assert client.close_reason is None

    run(story)


def test_the_feed_serves_the_clients_of_a_restarted_web_server() -> None:
    rights = FakeRights()
    feed = LiveFeed(rights, sweep_seconds=60)

    async def one_life() -> None:
        client, event = rights.client(EVERYTHING), change()
        feed.join(client)
        feed.publish([event])
        assert await next_id(client) == event.id
        assert len(feed._clients) == 1

    asyncio.run(one_life())
    feed.publish([change()])  # nobody is connected, and the loop is closed
    feed.resynchronise()
    asyncio.run(one_life())


def test_a_defect_ends_the_clients_and_the_next_ones_are_served() -> None:
    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client = rights.client(EVERYTHING)
        rights.error = ValueError("a defect")
        feed.join(client)
        await asyncio.wait_for(client.wait_for_end(), 5)
        assert client.close_reason == close_reasons.SERVER_FAILED
        rights.error = None
        another, event = rights.client(EVERYTHING), change()
        feed.join(another)
        feed.publish([event])
        assert await next_id(another) == event.id

    run(story)


ENVS = st.sampled_from([None, HOME, ABROAD])
SCOPES = st.sampled_from([NOTHING, AT_HOME, Scope(env_ids=frozenset({ABROAD})), EVERYTHING])
STEPS = st.one_of(
    st.tuples(st.just("event"), st.sampled_from(sorted(EVENT_TABLES)), ENVS),
    st.tuples(st.just("rights"), SCOPES),
    st.tuples(st.just("subscribe"), st.sampled_from(["deployments", "secrets", "helm_charts"]), ENVS),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25), SCOPES, st.booleans())
def test_a_client_receives_only_what_it_may_see_at_that_time(
    steps: list[tuple], scope: Scope, everything: bool
) -> None:
    """Whatever a client reads was visible to it at the moment when it was passed on."""

    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client, observer = rights.client(scope, everything=everything), rights.client(EVERYTHING)
        for each in (client, observer):
            feed.join(each)
        told: dict[UUID, tuple[str, EnvId | None]] = {}

        async def receive() -> None:
            await all_passed_on(feed, observer)
            while queued(client):
                row = await next_id(client)
                assert row not in told or rights.scopes[client.identity].sees_change(*told[row])

        for step in steps:
            match step:
                case ("event", table, env_id):
                    event = change(table, "INSERT", env_id=env_id)
                    told[event.id] = (table, env_id)
                    feed.publish([event])
                    await all_passed_on(feed, observer)
                case ("rights", now):
                    rights.scopes[client.identity] = now
                    feed.publish([change("users", row=client.identity.id, env_id=None)])
                    await receive()
                case ("subscribe", table, env_id):
                    client.subscribe(subscribe(table, env_id))
        await receive()

    run(story)


def test_rights_that_take_too_long_hold_the_events_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "RIGHTS_TIMEOUT", 0.05)
    release = threading.Event()

    async def story(feed: LiveFeed, rights: FakeRights) -> None:
        client, event = rights.client(EVERYTHING), change()
        rights.before_reading = lambda: release.wait(5)
        feed.join(client)
        feed.publish([event])
        await until(lambda: rights.started > 0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.next_message(), 0.2)
        release.set()
        assert await next_id(client) == event.id

    run(story)
