"""Fault switches: each does what it says, where it says, as often as it says."""

from __future__ import annotations

import threading

import httpx
import orjson
import pytest
from simulator_world import Simulator
from waiting import eventually

from platz.errors import Rejected
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control

WATCH = {"watch": "true", "resourceVersion": "0", "timeoutSeconds": "30"}


@pytest.mark.parametrize("code", [500, 503])
def test_a_status_code_is_answered_as_often_as_asked(api: httpx.Client, control: Control, code: int) -> None:
    control.switch_on(Action.STATUS, cluster="east", path="/secrets", code=code, count=2)

    codes = [api.get("/api/v1/secrets").status_code for _ in range(3)]

    assert codes == [code, code, 200]


def test_429_says_when_to_come_back(api: httpx.Client, control: Control) -> None:
    control.switch_on("status", code=429, retry_after=7, verb="list")

    refused = api.get("/api/v1/secrets")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.json()["details"]["retryAfterSeconds"] == 7
    assert api.get("/version").status_code == 200


def test_a_fault_hits_its_cluster_only(simulator: Simulator, api: httpx.Client, control: Control) -> None:
    control.switch_on(Action.STATUS, cluster="west", code=500)

    with simulator.http("west") as west:
        assert west.get("/version").status_code == 500
    assert api.get("/version").status_code == 200


def test_a_refused_write_is_not_made(api: httpx.Client, control: Control, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    control.switch_on(Action.STATUS, verb="create", code=500, count=1)
    control.switch_on(Action.DROP, verb="create", count=1)

    api.post(path, json={"metadata": {"name": "s"}})
    assert api.get(path).json()["items"] == []
    with pytest.raises(httpx.TransportError):
        api.post(path, json={"metadata": {"name": "s"}})
    assert api.get(path).json()["items"] == []


def test_latency_delays_the_answer(api: httpx.Client, control: Control) -> None:
    with control.fault(Action.LATENCY, path="^/version", seconds=1.5):
        with pytest.raises(httpx.ReadTimeout):
            api.get("/version", timeout=0.2)
        assert api.get("/version").status_code == 200


def test_a_hanging_request_is_never_answered(simulator: Simulator, control: Control) -> None:
    control.switch_on(Action.HANG, path="^/version", count=1)

    with simulator.http() as client, pytest.raises(httpx.ReadTimeout):
        client.get("/version", timeout=0.3)


def test_an_expired_token_is_refused_until_the_fault_is_off(api: httpx.Client, control: Control) -> None:
    with control.fault(Action.UNAUTHORIZED, cluster="east"):
        assert api.get("/version").status_code == 401
    assert api.get("/version").status_code == 200


def test_throttling_lets_some_through(api: httpx.Client, control: Control) -> None:
    control.switch_on(Action.THROTTLE, path="^/version", per_second=1)

    codes = [api.get("/version").status_code for _ in range(5)]

    assert codes[0] == 200
    assert 429 in codes


def test_410_is_forced_on_lists_and_inside_watches(api: httpx.Client, control: Control) -> None:
    control.switch_on(Action.GONE, path="/secrets")

    assert api.get("/api/v1/secrets").json()["reason"] == "Expired"
    with api.stream("GET", "/api/v1/secrets", params=WATCH) as answer:
        assert orjson.loads(next(answer.iter_lines()))["object"]["code"] == 410


def test_a_watch_is_truncated_inside_an_event(api: httpx.Client, control: Control, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    api.post(path, json={"metadata": {"name": "s"}})
    control.switch_on(Action.TRUNCATE, verb="watch", after_bytes=40, count=1)

    received: list[bytes] = []
    with api.stream("GET", path, params=WATCH) as answer, pytest.raises(httpx.RemoteProtocolError):
        received.extend(answer.iter_raw())

    assert len(b"".join(received)) == 40


@pytest.mark.parametrize("action", [Action.DROP, Action.TRUNCATE])
def test_an_open_watch_is_cut(simulator: Simulator, control: Control, namespace: str, action: Action) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"

    with simulator.http() as client, client.stream("GET", path, params=WATCH) as answer:
        control.switch_on(action, verb="watch", path=namespace, count=1)
        with pytest.raises(httpx.TransportError):
            list(answer.iter_raw())


def test_an_open_watch_falls_silent(
    simulator: Simulator, api: httpx.Client, control: Control, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"

    with simulator.http() as client, client.stream("GET", path, params=WATCH, timeout=0.5) as answer:
        control.switch_on(Action.HANG, verb="watch", path=namespace, count=1)
        api.post(path, json={"metadata": {"name": "unseen"}})
        with pytest.raises(httpx.ReadTimeout):
            next(answer.iter_raw())


def test_an_open_watch_is_told_410(simulator: Simulator, control: Control, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"

    with simulator.http() as client, client.stream("GET", path, params=WATCH) as answer:
        control.switch_on(Action.GONE, verb="watch", path=namespace, count=1)
        [line] = answer.iter_lines()

    assert orjson.loads(line)["object"]["code"] == 410


def test_faults_are_listed_and_go_when_used_up(api: httpx.Client, control: Control) -> None:
    control.switch_on(Action.STATUS, path="^/version", code=503, count=1)
    [listed] = control.faults()
    api.get("/version")

    assert (listed["action"], listed["count"], listed["hits"]) == ("status", 1, 0)
    assert control.faults() == []


@pytest.mark.parametrize(
    "document",
    [
        {"action": "melt"},
        {"action": "drop", "path": "("},
        {"action": "drop", "size": 3},
        {"action": "status", "code": "500"},
    ],
)
def test_a_fault_that_is_none_is_refused(control: Control, document: dict[str, object]) -> None:
    with pytest.raises(Rejected):
        control.switch_on(**document)  # type: ignore[arg-type]


def test_the_control_endpoint_wants_its_token(simulator: Simulator) -> None:
    stranger = Control(url=simulator.facts["control"], token="guess", ca=simulator.facts["ca"])

    with pytest.raises(Rejected, match="control token"):
        stranger.faults()


def test_a_token_lives_as_long_as_it_is_given(simulator: Simulator, control: Control) -> None:
    lasting = control.new_token("east")
    short = control.new_token("east", seconds=0.05)

    def status(token: str) -> int:
        with simulator.http(headers={"authorization": f"Bearer {token}"}) as client:
            return client.get("/version").status_code

    assert status(lasting) == 200
    eventually(lambda: status(short) == 401)
    control.revoke_token("east", lasting)
    assert status(lasting) == 401


def test_requests_are_counted(api: httpx.Client, control: Control, namespace: str) -> None:
    control.forget_requests()
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for _ in range(3):
        api.get(path)

    counts = {(entry.verb, entry.path): entry.count for entry in control.requests()}
    assert counts["list", path] == 3


def test_a_fault_does_not_hold_up_other_requests(
    simulator: Simulator, api: httpx.Client, control: Control
) -> None:
    control.switch_on(Action.LATENCY, path="^/version", seconds=2)
    with simulator.http() as slow:
        waiting = threading.Thread(target=lambda: slow.get("/version", timeout=10), daemon=True)
        waiting.start()
        eventually(lambda: control.faults()[0]["hits"] == 1)
        api.get("/healthz")
        assert waiting.is_alive()
        waiting.join()
