"""Given a lock on the queue, when the session of the leases ends meanwhile, then tasks are executed afterwards."""

from __future__ import annotations

import httpx
import psycopg
from acceptance.platz_client import signed_in
from acceptance.platz_process import PlatzProcess
from waiting import eventually

from platz.actors.deployment_runner import LOOK_SECONDS

LOCK = "LOCK TABLE deployment_tasks IN ACCESS EXCLUSIVE MODE"
END_LEASES = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
)
SERVE = '"action": "serve"'
TASKS = 10
"""More tasks than a runner may run at once: a runner that misses the end of its tasks stops claiming new ones."""


def test_no_runner_is_deaf_after_the_lock(platz: PlatzProcess) -> None:
    with signed_in(platz.url) as admin:
        admin.cluster("east")
        with psycopg.connect(platz.database_url) as holder:
            holder.execute(LOCK)
            eventually(lambda: waiting_for_the_lock(platz) >= 2, seconds=LOOK_SECONDS + 10)
            served = platz.log.count(SERVE)
            assert platz.sql(END_LEASES)
            eventually(lambda: platz.log.count(SERVE) >= served + 2, seconds=20)
        made = [
            admin.deploy("guestbook", "0.3.0", name=f"after-{number}", config={"title": "After"})
            for number in range(TASKS)
        ]
        for row in made:
            admin.running(row["id"])
    assert httpx.get(f"{platz.url}/readyz").json()["ready"] is True


def waiting_for_the_lock(platz: PlatzProcess) -> int:
    """Return how many sessions wait for the table: one for each runner, from its next look on."""
    query = "SELECT count(*) FROM pg_locks WHERE relation = 'deployment_tasks'::regclass AND NOT granted"
    ((waiting,),) = platz.sql(query)
    return int(str(waiting))
