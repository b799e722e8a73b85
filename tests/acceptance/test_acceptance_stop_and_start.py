"""SIGTERM and Ctrl-C end everything within seconds, and the next start finds all data again."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import httpx
import pytest
from acceptance.platz_client import signed_in
from acceptance.platz_process import PlatzProcess, is_listening
from waiting import eventually


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatzProcess]:
    process = PlatzProcess(tmp_path_factory.mktemp("own"), {"PLATZ_STOP_TIMEOUT": "3s"})
    yield process
    process.sweep()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_and_the_next_start_finds_it_again(
    own: PlatzProcess, number: signal.Signals
) -> None:
    own.start()
    with signed_in(own.url) as admin:
        made = admin.deploy("guestbook", "0.3.0", name="kept", config={"title": "Kept"})
        before = admin.running(made["id"])

    assert own.stop(number, seconds=10) == 0
    assert own.processes() == []
    assert [port for port in own.ports.values() if is_listening(port)] == []
    assert '"level": "error"' not in own.log

    own.start()
    with signed_in(own.url) as admin:
        after = admin.deployment(made["id"])
        assert (after["status"], after["revision_id"]) == ("Running", before["revision_id"])
        assert {row["name"] for row in admin.items("/k8s-resources", deployment_id=made["id"])}
        admin.put(f"/deployments/{made['id']}", {**after, "config": {"title": "Changed"}})
        admin.running(made["id"])


def test_a_running_task_is_finished_before_the_process_ends_and_meanwhile_it_is_not_ready(
    own: PlatzProcess,
) -> None:
    own.settings["PLATZ_STOP_TIMEOUT"] = "20s"
    own.start()
    with signed_in(own.url) as admin:
        config = {"mode": "slow-install", "seconds": 3}
        made = admin.deploy("chaos-monkey", "1.0.0", name="finishing", config=config)
        admin.until(made["id"], lambda row: row["status"] == "Installing")

    assert httpx.get(f"{own.url}/readyz").json()["ready"] is True
    own.signal(signal.SIGTERM)
    stopping = eventually(lambda: refusal_of(own))
    assert (stopping["stopping"], stopping["ready"]) == (True, False)
    assert own.wait(seconds=20) == 0

    own.start()
    with signed_in(own.url) as admin:
        (task,) = admin.tasks(made["id"])
        assert task["status"] == "Done"
        assert "Resuming a task" not in own.log


def refusal_of(process: PlatzProcess) -> dict[str, object] | None:
    answer = httpx.get(f"{process.url}/readyz")
    return answer.json() if answer.status_code == 503 else None


def test_a_task_that_takes_too_long_is_left_to_the_next_start(own: PlatzProcess) -> None:
    own.settings["PLATZ_STOP_TIMEOUT"] = "1s"
    own.start()
    with signed_in(own.url) as admin:
        config = {"mode": "slow-install", "seconds": 4}
        made = admin.deploy("chaos-monkey", "1.0.0", name="interrupted", config=config)
        admin.until(made["id"], lambda row: row["status"] == "Installing")

    assert own.stop(seconds=10) == 0
    assert own.processes() == []

    own.start()
    with signed_in(own.url) as admin:
        admin.running(made["id"])
        (task,) = admin.tasks(made["id"])
        assert task["status"] == "Done"
