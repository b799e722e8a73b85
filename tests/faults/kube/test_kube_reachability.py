"""A fault that stops tasks is reported within seconds, whatever its kind, and so is its end.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from scripted_server import Answer, ScriptedServer, answer, drop, hang, status

from platz.kube.client import KubeClient
from platz.kube.reachability import (
    ProbeTiming,
    Reachability,
    ReachabilityProbe,
    ReachabilityReport,
)

QUICK = ProbeTiming(every=0.05, late=0.2, silent=0.3, confirm=0.01)
NAMESPACE = answer({"kind": "Namespace"})

Watched = Callable[[KubeClient], "queue.SimpleQueue[ReachabilityReport]"]


@pytest.fixture
def watched() -> Iterator[Watched]:
    probes: list[tuple[ReachabilityProbe, threading.Thread]] = []

    def watch(client: KubeClient) -> queue.SimpleQueue[ReachabilityReport]:
        reports: queue.SimpleQueue[ReachabilityReport] = queue.SimpleQueue()
        probe = ReachabilityProbe(client, QUICK)

        def run() -> None:
            for report in probe.reports():
                reports.put(report)

        thread = threading.Thread(target=run, daemon=True)
        probes.append((probe, thread))
        thread.start()
        return reports

    yield watch
    for probe, thread in probes:
        probe.stop()
        thread.join(timeout=5)
        assert not thread.is_alive()


def states(reports: queue.SimpleQueue[ReachabilityReport], count: int) -> list[ReachabilityReport]:
    return [reports.get(timeout=10) for _ in range(count)]


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (hang, Reachability.SILENT, "does not answer in time"),
        (drop, Reachability.SILENT, "broke the connection off"),
        (status(503, "", "etcd is down"), Reachability.FAILING, "etcd is down"),
        (status(429), Reachability.FAILING, "429"),
        (status(401), Reachability.FAILING, "credentials"),
    ],
    ids=["silent", "dropping", "without its store", "throttling", "refusing the token"],
)
def test_a_cluster_is_reported_when_it_falls_ill_and_when_it_recovers(
    fault: Answer,
    state: Reachability,
    words: str,
    server: ScriptedServer,
    client: KubeClient,
    watched: Watched,
) -> None:
    server.script.append(NAMESPACE)
    reports = watched(client)
    assert reports.get(timeout=10).state is Reachability.ANSWERING
    server.script.append(fault)
    late, ill = states(reports, 2)
    assert (late.state, late.reason) == (Reachability.LATE, None)
    assert ill.state is state
    assert words in str(ill.reason)
    server.script.append(NAMESPACE)
    assert reports.get(timeout=10) == ReachabilityReport(state=Reachability.ANSWERING)


@pytest.mark.parametrize("code", [403, 404], ids=["refused", "not found"])
def test_a_cluster_that_refuses_the_request_answers(
    code: int, server: ScriptedServer, client: KubeClient, watched: Watched
) -> None:
    server.script.append(status(code))
    assert watched(client).get(timeout=10).state is Reachability.ANSWERING


def test_one_failure_alone_is_not_believed(
    server: ScriptedServer, client: KubeClient, watched: Watched
) -> None:
    server.script.extend([NAMESPACE, drop, NAMESPACE])
    found = [report.state for report in states(watched(client), 3)]
    assert found == [Reachability.ANSWERING, Reachability.LATE, Reachability.ANSWERING]


def test_an_address_where_nothing_listens_is_in_doubt(
    connect: Callable[..., KubeClient], watched: Watched
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, refused = states(watched(connect(url=f"http://127.0.0.1:{port}")), 2)
    assert (refused.state, refused.doubts_access) == (Reachability.SILENT, True)


def test_a_fault_shows_within_15_seconds_however_it_falls() -> None:
    timing = ProbeTiming()
    worst = timing.every + timing.late + timing.confirm + timing.silent
    assert worst <= 15
    assert timing.every + timing.silent <= 10


def test_stop_ends_a_probe_that_waits_for_an_answer(
    server: ScriptedServer, connect: Callable[..., KubeClient]
) -> None:
    server.script.append(hang)
    probe = ReachabilityProbe(connect(), ProbeTiming(late=60, silent=60))
    ended: list[list[ReachabilityReport]] = []
    thread = threading.Thread(target=lambda: ended.append(list(probe.reports())))
    thread.start()
    began = time.monotonic()
    while not server.requests and time.monotonic() - began < 10:
        threading.Event().wait(0.01)
    probe.stop()
    thread.join(timeout=5)
    assert ended == [[]]
