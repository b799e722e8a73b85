"""Watches: replay, following, bookmarks, streaming lists, 410."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
from simulator_world import Simulator

from platz_sandbox.kubernetes.control import Control


class Watch:
    """One watch, read event by event."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self) -> tuple[str, str, dict[str, Any]]:
        event = orjson.loads(next(self._lines))
        return event["type"], event["object"].get("metadata", {}).get("name", ""), event["object"]

    def named(self, count: int) -> list[tuple[str, str]]:
        return [self.next()[:2] for _ in range(count)]

    def rest(self) -> list[str]:
        return [orjson.loads(line)["type"] for line in self._lines]


@contextlib.contextmanager
def watching(api: httpx.Client, path: str, **query: str) -> Iterator[Watch]:
    with api.stream("GET", path, params={"watch": "true", "timeoutSeconds": "10", **query}) as answer:
        assert answer.status_code == 200
        yield Watch(answer.iter_lines())


def put_secret(api: httpx.Client, namespace: str, name: str, **labels: str) -> dict[str, Any]:
    document = {"metadata": {"name": name, "labels": labels}}
    made = api.post(f"/api/v1/namespaces/{namespace}/secrets", json=document)
    if made.status_code == 409:
        made = api.put(f"/api/v1/namespaces/{namespace}/secrets/{name}", json=document)
    return made.raise_for_status().json()


def test_a_watch_replays_what_came_after_its_version(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    put_secret(api, namespace, "before")
    version = api.get(path).json()["metadata"]["resourceVersion"]
    put_secret(api, namespace, "after")
    put_secret(api, namespace, "after", changed="yes")
    api.delete(f"{path}/before")

    with watching(api, path, resourceVersion=version) as watch:
        assert watch.named(3) == [("ADDED", "after"), ("MODIFIED", "after"), ("DELETED", "before")]


def test_a_watch_follows_what_happens(simulator: Simulator, api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    with simulator.http() as other, watching(other, path) as watch:
        put_secret(api, namespace, "one")
        assert watch.named(1) == [("ADDED", "one")]
        put_secret(api, namespace, "two")
        assert watch.named(1) == [("ADDED", "two")]


def test_a_watch_without_a_version_starts_with_what_is_there(api: httpx.Client, namespace: str) -> None:
    put_secret(api, namespace, "there")

    with watching(api, f"/api/v1/namespaces/{namespace}/secrets", resourceVersion="0") as watch:
        assert watch.named(1) == [("ADDED", "there")]


def test_entering_and_leaving_a_selection_are_added_and_deleted(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    version = api.get(path).json()["metadata"]["resourceVersion"]
    for labels in ({}, {"of": "us"}, {"of": "us", "more": "yes"}, {}):
        put_secret(api, namespace, "moving", **labels)

    with watching(api, path, resourceVersion=version, labelSelector="of=us") as watch:
        assert watch.named(3) == [("ADDED", "moving"), ("MODIFIED", "moving"), ("DELETED", "moving")]


def test_a_watch_ends_after_its_time_with_a_bookmark(api: httpx.Client, namespace: str) -> None:
    query = {"timeoutSeconds": "0.2", "allowWatchBookmarks": "true"}

    with watching(api, f"/api/v1/namespaces/{namespace}/secrets", resourceVersion="0", **query) as watch:
        assert watch.rest() == ["BOOKMARK"]


def test_a_streaming_list_ends_with_the_annotated_bookmark(api: httpx.Client, namespace: str) -> None:
    put_secret(api, namespace, "there")
    query = {
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
    }

    with watching(api, f"/api/v1/namespaces/{namespace}/secrets", **query) as watch:
        assert watch.named(1) == [("ADDED", "there")]
        kind, _name, bookmark = watch.next()

    assert kind == "BOOKMARK"
    assert bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_version_that_is_forgotten_answers_410_inside_the_watch(
    api: httpx.Client, namespace: str, control: Control
) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    version = api.get(path).json()["metadata"]["resourceVersion"]
    put_secret(api, namespace, "lost")
    control.compact("east")

    with watching(api, path, resourceVersion=version) as watch:
        kind, _name, status = watch.next()

    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")


def test_a_version_from_the_future_is_too_large_for_a_list(api: httpx.Client, namespace: str) -> None:
    refused = api.get(f"/api/v1/namespaces/{namespace}/secrets", params={"resourceVersion": "99999999"})

    assert refused.status_code == 504
    assert refused.json()["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_a_watch_can_be_read_as_tables(api: httpx.Client, namespace: str) -> None:
    put_secret(api, namespace, "there")
    headers = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    path = f"/api/v1/namespaces/{namespace}/secrets"
    query = {"watch": "true", "resourceVersion": "0", "timeoutSeconds": "5"}

    with api.stream("GET", path, params=query, headers=headers) as answer:
        event = orjson.loads(next(answer.iter_lines()))

    assert event["object"]["kind"] == "Table"
    assert event["object"]["rows"][0]["cells"][:2] == ["there", "Opaque"]


def test_many_watchers_see_the_same_changes_in_order(
    simulator: Simulator, api: httpx.Client, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    version = api.get(path).json()["metadata"]["resourceVersion"]
    expected = [("ADDED", f"s{number}") for number in range(30)]
    limits = httpx.Limits(max_connections=None)

    with simulator.http(limits=limits) as client, contextlib.ExitStack() as stack:
        watches = [stack.enter_context(watching(client, path, resourceVersion=version)) for _ in range(60)]
        for number in range(30):
            put_secret(api, namespace, f"s{number}")
        for watch in watches:
            assert watch.named(30) == expected
