"""Given a lock on the queue, when the session of the leases ends meanwhile, then tasks are executed afterwards."""

from __future__ import annotations

import json
from uuid import uuid4

import httpx
import psycopg
import pytest
from acceptance.platz_client import signed_in
from acceptance.platz_process import PlatzProcess
from waiting import eventually

LOCK = "LOCK TABLE deployment_tasks IN ACCESS EXCLUSIVE MODE"
END_LEASES = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
)
INSERTED = json.dumps(
    {"operation": "INSERT", "table": "deployment_tasks", "env_id": None, "data": {"id": str(uuid4())}}
)
"""An event that makes every runner look at its queue, where it waits for the lock."""

SERVE = '"action": "serve"'
ROUNDS = 2
TASKS = 10
"""More tasks than a runner may run at once: a runner that misses the end of its tasks stops claiming new ones."""


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_no_runner_is_deaf_after_the_lock(platz: PlatzProcess, round_: int) -> None:
    with signed_in(platz.url) as admin:
        admin.cluster("east")
        with psycopg.connect(platz.database_url) as holder:
            holder.execute(LOCK)
            platz.sql("SELECT pg_notify('db_notifications', %s)", INSERTED)
            eventually(lambda: waiting_for_the_lock(platz) >= 2, seconds=15)
            served = platz.log.count(SERVE)
            assert platz.sql(END_LEASES)
            eventually(lambda: platz.log.count(SERVE) >= served + 2, seconds=20)
        made = [
            admin.deploy("guestbook", "0.3.0", name=f"after{round_}-{number}", config={"title": "After"})
            for number in range(TASKS)
        ]
        for row in made:
            admin.running(row["id"])
    assert httpx.get(f"{platz.url}/readyz").json()["ready"] is True


def waiting_for_the_lock(platz: PlatzProcess) -> int:
    """Return how many sessions wait for the table: one for each runner that was told of a task."""
    query = "SELECT count(*) FROM pg_locks WHERE relation = 'deployment_tasks'::regclass AND NOT granted"
    ((waiting,),) = platz.sql(query)
    return int(str(waiting))
