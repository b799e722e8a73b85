"""A watch of a cluster shows what the cluster has, through every fault that the simulator can make."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from waiting import eventually

from platz.backoff import Backoff
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE, SECRET
from platz.kube.breaker import Breaker
from platz.kube.client import KubeClient
from platz.kube.transport import KubeTimeouts
from platz.kube.watch import Watch, WatchTiming
from platz.kube.watch_specs import (
    WATCH_SPECS,
    Changes,
    Gone,
    Snapshot,
    Upsert,
    WatchFailed,
    WatchHealthy,
    WatchSpec,
)
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control

SECRETS = WatchSpec(resource=SECRET)
QUICK = Backoff(first=0.02, limit=0.1)


class Mirror:
    """What a listener knows of a cluster when it believes a watch."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.objects: dict[str, JsonObject] = {}
        self.healthy = False
        self.reasons: list[str] = []
        self.snapshots = 0
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        for event in self.watch.events():
            match event:
                case Snapshot(objects=objects):
                    self.snapshots += 1
                    self.objects = {_key(found): found for found in objects}
                case Changes(changes=changes):
                    for change in changes:
                        self._apply(change)
                case WatchHealthy():
                    self.healthy = True
                case WatchFailed(reason=reason):
                    self.healthy = False
                    self.reasons.append(reason)

    def _apply(self, change: Upsert | Gone) -> None:
        match change:
            case Upsert(object=found):
                self.objects[_key(found)] = found
            case Gone(object=found):
                self.objects.pop(_key(found), None)

    def stop(self) -> None:
        self.watch.stop()
        self._thread.join(timeout=5)
        assert not self._thread.is_alive()

    def names(self, namespace: str) -> set[str]:
        return {key.split("/")[1] for key in list(self.objects) if key.startswith(f"{namespace}/")}


def _key(found: JsonObject) -> str:
    metadata = cast("Any", found)["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


StartMirror = Callable[..., Mirror]


@pytest.fixture
def start_mirror(simulated: SimulatedClusters) -> Iterator[StartMirror]:
    mirrors: list[Mirror] = []

    def start(watched: WatchSpec = SECRETS, *, idle_timeout: float = 30.0, stream: int = 290) -> Mirror:
        client = KubeClient(simulated.access["east"], timeouts=KubeTimeouts(connect=1, read=2))
        timing = WatchTiming(stream=stream, idle_timeout=idle_timeout, settled=0.2, backoff=QUICK)
        mirrors.append(Mirror(Watch(client, watched, breaker=Breaker(QUICK), timing=timing)))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.stop()


@pytest.fixture
def control(simulated: SimulatedClusters) -> Iterator[Control]:
    control = Control.of(simulated.facts)
    yield control
    control.switch_off()


def make(client: KubeClient, namespace: str, name: str) -> None:
    document: Any = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    client.create(SECRET, document, namespace=namespace)


def test_what_is_there_and_what_comes_and_goes_is_shown(
    east: KubeClient, namespace: str, start_mirror: StartMirror
) -> None:
    make(east, namespace, "before")
    mirror = start_mirror()
    eventually(lambda: mirror.healthy)
    make(east, namespace, "after")
    eventually(lambda: mirror.names(namespace) == {"before", "after"})
    east.delete(SECRET, name="before", namespace=namespace)
    eventually(lambda: mirror.names(namespace) == {"after"})


def test_only_labelled_namespaces_are_shown_and_losing_the_label_means_gone(
    east: KubeClient, namespace: str, start_mirror: StartMirror
) -> None:
    mirror = start_mirror(WATCH_SPECS[0])
    eventually(lambda: mirror.healthy)
    ours = f"platz-{uuid4().hex[:8]}"
    document: Any = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": ours, "labels": {"platz": "yes"}},
    }
    east.create(NAMESPACE, document)
    eventually(lambda: mirror.names("") >= {ours})
    assert namespace not in mirror.names("")
    east.merge(NAMESPACE, {"metadata": {"labels": {"platz": None}}}, name=ours)
    eventually(lambda: ours not in mirror.names(""))
    east.delete(NAMESPACE, name=ours)


@pytest.mark.parametrize(
    "fault",
    [
        {"action": Action.STATUS, "code": 500, "verb": "watch", "count": 2},
        {"action": Action.STATUS, "code": 429, "retry_after": 1, "verb": "watch", "count": 2},
        {"action": Action.DROP, "verb": "watch", "count": 2},
        {"action": Action.GONE, "verb": "watch", "count": 2},
        {"action": Action.TRUNCATE, "after_bytes": 300, "verb": "watch", "count": 3},
        {"action": Action.STATUS, "code": 503, "verb": "list", "count": 4},
    ],
    ids=lambda fault: f"{fault['action'].value} {fault['verb']}",
)
def test_nothing_is_lost_by_a_passing_fault(
    east: KubeClient, namespace: str, start_mirror: StartMirror, control: Control, fault: dict[str, Any]
) -> None:
    make(east, namespace, "before")
    options = {key: value for key, value in fault.items() if key != "action"}
    control.switch_on(fault["action"], cluster="east", path="/secrets", **options)
    mirror = start_mirror(stream=1)
    for number in range(5):
        make(east, namespace, f"s{number}")
    east.delete(SECRET, name="before", namespace=namespace)
    expected = {f"s{number}" for number in range(5)}
    eventually(lambda: mirror.healthy and mirror.names(namespace) == expected)


def test_a_half_open_stream_is_left_for_a_living_one(
    east: KubeClient, namespace: str, start_mirror: StartMirror, control: Control
) -> None:
    control.switch_on(Action.HANG, cluster="east", verb="watch", path="/secrets", count=1)
    mirror = start_mirror(idle_timeout=0.5)
    make(east, namespace, "a")
    eventually(lambda: mirror.names(namespace) == {"a"})


def test_a_compacted_history_means_a_new_list(
    east: KubeClient, namespace: str, start_mirror: StartMirror, control: Control
) -> None:
    mirror = start_mirror(stream=1)
    eventually(lambda: mirror.healthy)
    with control.fault(Action.STATUS, cluster="east", verb="watch", path="/secrets", code=500):
        eventually(lambda: not mirror.healthy)
        make(east, namespace, "a")
        make(east, namespace, "b")
        east.delete(SECRET, name="a", namespace=namespace)
        control.compact("east")
    eventually(lambda: mirror.names(namespace) == {"b"})
    assert mirror.snapshots >= 2


def test_a_cluster_that_refuses_tokens_is_told_as_such(start_mirror: StartMirror, control: Control) -> None:
    with control.fault(Action.STATUS, cluster="east", path="/secrets", code=401):
        mirror = start_mirror()
        eventually(lambda: mirror.reasons)
    assert mirror.reasons[0].startswith("Cluster east does not accept Platz's credentials")
    eventually(lambda: mirror.healthy)
