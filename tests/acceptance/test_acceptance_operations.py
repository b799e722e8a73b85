"""What a platform team expects of a real process: metrics, the envelope, and a log without secrets."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from acceptance.platz_client import Client, access_token
from acceptance.platz_process import PlatzProcess
from prometheus_client.parser import text_string_to_metric_families

CONTRACT = """
platz_deployment_task_status_counter platz_deployment_status_counter platz_db_pool_connections
platz_db_pool_idle_connections platz_db_pool_get_direct platz_db_pool_get_waited platz_db_pool_get_timed_out
platz_db_pool_get_wait_time_ms platz_db_pool_connections_created platz_db_pool_connections_closed_broken
platz_db_pool_connections_closed_invalid platz_db_pool_connections_closed_max_lifetime
platz_db_pool_connections_closed_idle_timeout
"""
OURS = """
platz_http_requests platz_http_request_duration_seconds platz_task_duration_seconds platz_task_wait_seconds
platz_tasks_finished platz_actor_mailbox_depth platz_actor_restarts platz_watch_events platz_watch_healthy
platz_change_events platz_live_clients platz_live_deliveries platz_leases_held
"""


def test_the_metrics_have_the_contract_s_names_and_more(platz: PlatzProcess) -> None:
    answer = httpx.get(f"{platz.url}/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["content-type"].startswith("text/plain")
    assert set(CONTRACT.split()) <= set(families)
    assert set(OURS.split()) <= set(families)
    assert {families[name].type for name in CONTRACT.split()} == {"gauge"}
    statuses = {
        sample.labels["task_status"] for sample in families["platz_deployment_task_status_counter"].samples
    }
    assert statuses == {"Pending", "Started", "Failed", "Canceled", "Done"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v2/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/api/v2/envs/", 404),
        ("PATCH", "/api/v2/envs", 405),
        ("OPTIONS", "/api/v2/envs", 405),
        ("POST", "/status", 405),
        ("DELETE", "/metrics", 405),
        ("GET", "/api/v2/ws", 400),
        ("GET", "/..%2f..%2fetc/passwd", 404),
    ],
)
def test_every_refusal_is_the_one_envelope(
    platz: PlatzProcess, admin: Client, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, f"{platz.url}{path}", headers={"Authorization": f"Bearer {admin.token}"})

    assert answer.status_code == status
    assert set(answer.json()) == {"message"}
    assert isinstance(answer.json()["message"], str)
    for header in ("x-content-type-options", "content-security-policy", "x-frame-options"):
        assert header in answer.headers


def test_the_log_holds_no_token(tmp_path: Path) -> None:
    process = PlatzProcess(tmp_path / "platz", {"PLATZ_ROLES": "api"})
    try:
        process.start()
        token = access_token(process.url)
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{process.url}/api/v2/envs", headers=headers).status_code == 200
        assert process.stop() == 0
        assert "eyJ" not in process.log
        assert token.rpartition(".")[2] not in process.log
    finally:
        process.sweep()
