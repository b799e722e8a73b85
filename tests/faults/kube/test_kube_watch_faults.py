"""A watch whose streams end, break, fall silent or are refused: no event is lost, and nothing hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from scripted_server import ScriptedServer, drop, event, hang, listing, status, stream
from waiting import eventually

from platz.backoff import Backoff
from platz.kube.api_resources import DEPLOYMENT
from platz.kube.breaker import Breaker
from platz.kube.client import KubeClient
from platz.kube.watch import Watch, WatchTiming
from platz.kube.watch_specs import (
    Changes,
    Gone,
    Snapshot,
    Upsert,
    WatchEvent,
    WatchFailed,
    WatchHealthy,
    WatchSpec,
)

QUICK = Backoff(first=0.01, limit=0.05)


class Follower:
    """A thread that collects the events of a watch."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.events: list[WatchEvent] = []
        self.thread = threading.Thread(target=self._follow)
        self.thread.start()

    def _follow(self) -> None:
        for told in self.watch.events():
            self.events.append(told)

    def names(self) -> list[str]:
        """Return `+name` for each upsert and `-name` for each deletion, in order."""
        changes = [change for told in self.events if isinstance(told, Changes) for change in told.changes]
        signs = {Upsert: "+", Gone: "-"}
        return [signs[type(change)] + change.object["metadata"]["name"] for change in changes]  # type: ignore[index]

    def count(self, kind: type[object]) -> int:
        return sum(isinstance(told, kind) for told in self.events)


Follow = Callable[..., Follower]


@pytest.fixture
def follow(connect: Callable[..., KubeClient]) -> Iterator[Follow]:
    followers: list[Follower] = []

    def follow(
        *, idle_timeout: float = 30.0, breaker: Breaker | None = None, backoff: Backoff = QUICK
    ) -> Follower:
        watch = Watch(
            connect(),
            WatchSpec(resource=DEPLOYMENT),
            breaker=breaker or Breaker(QUICK),
            timing=WatchTiming(idle_timeout=idle_timeout, backoff=backoff),
        )
        followers.append(Follower(watch))
        return followers[-1]

    yield follow
    for follower in followers:
        follower.watch.stop()
        follower.thread.join(timeout=5)
        assert not follower.thread.is_alive()


def test_a_list_comes_first_then_what_changed(server: ScriptedServer, follow: Follow) -> None:
    server.script.extend(
        [listing({"n": 1}), stream(event("ADDED", "a", 11) + event("DELETED", "a", 12), end=hang)]
    )
    follower = follow()
    eventually(lambda: follower.names() == ["+a", "-a"])
    assert [type(told) for told in follower.events] == [Snapshot, WatchHealthy, Changes]
    assert "resourceVersion=10" in server.requests[1]


def test_a_stream_that_ended_goes_on_where_it_was(server: ScriptedServer, follow: Follow) -> None:
    server.script.extend(
        [listing(), stream(event("ADDED", "a", 11)), stream(event("MODIFIED", "a", 12), end=hang)]
    )
    follower = follow()
    eventually(lambda: follower.names() == ["+a", "+a"])
    assert "resourceVersion=11" in server.requests[2]
    assert follower.count(Snapshot) == 1


def test_a_bookmark_moves_the_version_and_tells_nothing(server: ScriptedServer, follow: Follow) -> None:
    server.script.extend([listing(), stream(event("BOOKMARK", "", 40)), stream(end=hang)])
    follower = follow()
    eventually(lambda: len(server.requests) == 3)
    assert "resourceVersion=40" in server.requests[2]
    assert follower.names() == []


def test_a_line_cut_in_half_is_not_told_and_asked_for_again(server: ScriptedServer, follow: Follow) -> None:
    whole = event("ADDED", "b", 12)
    server.script.extend(
        [
            listing(),
            stream(event("ADDED", "a", 11) + whole[:20], end=drop),
            stream(whole, end=hang),
        ]
    )
    follower = follow()
    eventually(lambda: follower.names() == ["+a", "+b"])
    assert "resourceVersion=11" in server.requests[2]
    assert follower.count(WatchFailed) == 0


def test_a_line_that_arrives_in_pieces_is_told_once(server: ScriptedServer, follow: Follow) -> None:
    whole = event("ADDED", "a", 11)
    server.script.extend([listing(), stream(whole[:7], whole[7:30], whole[30:], end=hang)])
    follower = follow()
    eventually(lambda: follower.names() == ["+a"])


@pytest.mark.parametrize("told", ["as status", "as event"])
def test_a_forgotten_version_means_a_new_list(server: ScriptedServer, follow: Follow, told: str) -> None:
    gone = (
        status(410, "Expired")
        if told == "as status"
        else stream(b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n')
    )
    server.script.extend([listing(version="10"), gone, listing(version="50"), stream(end=hang)])
    follower = follow()
    eventually(lambda: len(server.requests) == 4)
    assert "resourceVersion=50" in server.requests[3]
    assert follower.count(Snapshot) == 2
    assert follower.count(WatchFailed) == 0


def test_a_half_open_stream_is_noticed_by_its_silence(server: ScriptedServer, follow: Follow) -> None:
    server.script.extend(
        [listing(), stream(event("ADDED", "a", 11), end=hang), stream(event("ADDED", "b", 12), end=hang)]
    )
    follower = follow(idle_timeout=0.3)
    eventually(lambda: "+b" in follower.names())
    assert follower.count(WatchFailed) == 0


def test_a_refused_watch_is_told_and_tried_again(server: ScriptedServer, follow: Follow) -> None:
    server.script.extend(
        [listing(), status(500, message="etcd is down"), stream(event("ADDED", "a", 11), end=hang)]
    )
    follower = follow()
    eventually(lambda: follower.names() == ["+a"])
    reasons = [told.reason for told in follower.events if isinstance(told, WatchFailed)]
    assert reasons == ["Cluster east answered with status 500: etcd is down."]
    assert follower.count(WatchHealthy) == 1


def test_a_watch_that_keeps_failing_is_begun_with_a_list_again(
    server: ScriptedServer, follow: Follow
) -> None:
    server.script.extend([listing(), *[status(500)] * 3, listing(version="60"), stream(end=hang)])
    follower = follow()
    eventually(lambda: follower.count(Snapshot) == 2)


def test_health_is_told_once_for_each_time_that_the_watch_comes_up(
    server: ScriptedServer, follow: Follow
) -> None:
    server.script.extend(
        [
            listing(),
            stream(event("ADDED", "a", 11)),
            stream(event("ADDED", "b", 12)),
            status(500),
            stream(end=hang),
        ]
    )
    follower = follow()
    eventually(lambda: follower.count(WatchHealthy) == 2)
    kinds = [type(told) for told in follower.events]
    assert kinds == [Snapshot, WatchHealthy, Changes, Changes, WatchFailed, WatchHealthy]


@pytest.mark.parametrize(
    "line", [b"not json\n", b"{}\n", b'{"type":"ADDED","object":{}}\n', b'{"type":1,"object":[]}\n', b"[]\n"]
)
def test_a_broken_event_is_told_and_the_watch_goes_on(
    server: ScriptedServer, follow: Follow, line: bytes
) -> None:
    server.script.extend([listing(), stream(line, end=hang), stream(event("ADDED", "a", 11), end=hang)])
    follower = follow()
    eventually(lambda: follower.names() == ["+a"])
    assert follower.count(WatchFailed) == 1


class CountedBackoff(Backoff):
    """A backoff with short pauses that records the failures for which it was asked."""

    def __init__(self) -> None:
        super().__init__(first=0.01, limit=0.05)
        object.__setattr__(self, "taken", [])

    def after(self, failures: int) -> float:
        self.taken.append(failures)  # type: ignore[attr-defined]
        return super().after(failures)


def test_a_server_that_closes_every_stream_at_once_is_asked_with_growing_pauses(
    server: ScriptedServer, follow: Follow
) -> None:
    backoff = CountedBackoff()
    server.script.extend([listing(), stream(), stream(), stream(), listing(), stream()])
    follow(backoff=backoff)
    eventually(lambda: len(server.requests) >= 7)
    asked, taken = len(server.requests), list(backoff.taken)  # type: ignore[attr-defined]
    assert asked <= len(taken) + 3  # two lists, the first stream, and one stream after each pause
    assert taken == sorted(taken)
    watches = [request for request in server.requests if "watch=true" in request]
    assert all("resourceVersion=10&" in request for request in watches)


@pytest.mark.parametrize("stage", ["list", "watch", "stream"])
def test_stop_ends_a_watch_at_once_wherever_it_waits(
    server: ScriptedServer, follow: Follow, stage: str
) -> None:
    scripts = {"list": [hang], "watch": [listing(), hang], "stream": [listing(), stream(end=hang)]}
    server.script.extend(scripts[stage])
    follower = follow()
    eventually(lambda: len(server.requests) == len(scripts[stage]))
    follower.watch.stop()
    follower.thread.join(timeout=2)
    assert not follower.thread.is_alive()


def test_stop_ends_a_watch_that_pauses(server: ScriptedServer, follow: Follow) -> None:
    breaker = Breaker(Backoff(first=600, limit=600), threshold=1)
    server.script.append(status(401))
    follower = follow(breaker=breaker)
    eventually(lambda: follower.count(WatchFailed) == 1)
    follower.watch.stop()
    follower.thread.join(timeout=2)
    assert not follower.thread.is_alive()


def test_watches_of_a_dead_cluster_leave_it_alone_together(server: ScriptedServer, follow: Follow) -> None:
    breaker = Breaker(Backoff(first=600, limit=600), threshold=4)
    server.script.append(status(401))
    followers = [follow(breaker=breaker) for _ in range(4)]
    eventually(lambda: breaker.is_open)
    for follower in followers:
        follower.watch.stop()
        follower.thread.join(timeout=5)
    assert len(server.requests) <= 7  # the fourth failure opens the breaker; three may be under way


def test_a_kind_that_is_refused_does_not_stop_the_watches_of_the_others(
    server: ScriptedServer, follow: Follow
) -> None:
    breaker = Breaker(Backoff(first=600, limit=600), threshold=1)
    server.script.extend([status(403), listing(), stream(end=hang)])
    refused = follow(breaker=breaker)
    eventually(lambda: refused.count(WatchFailed) == 1)
    other = follow(breaker=breaker)
    eventually(lambda: other.count(WatchHealthy) + refused.count(WatchHealthy) == 1)
