"""Two copies of Platz with one database: they share the work, and if one dies, the other takes over its part."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.event_recorder import EventRecorder
from acceptance.outside import Outside
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess, end_process
from waiting import eventually

SLOW = {"mode": "slow-install", "seconds": 4}
LOST_LEASE_SECONDS = 40.0


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Two processes that have only the database and the other backing services in common."""

    outside: Outside
    both: tuple[PlatzProcess, PlatzProcess]
    cluster: ClusterView

    def serving(self) -> PlatzProcess:
        """Wait until one copy serves the cluster; return that copy."""
        return eventually(
            lambda: next((copy for copy in self.both if copy.is_alive() and serves(copy)), None),
            seconds=LOST_LEASE_SECONDS,
        )

    def other(self, than: PlatzProcess) -> PlatzProcess:
        return next(copy for copy in self.both if copy is not than)


def serves(copy: PlatzProcess) -> bool:
    """Tell whether, according to the latest line in its log, a process serves the cluster."""
    words = [
        line for line in copy.log.splitlines() if '"action": "serve"' in line or '"action": "drop"' in line
    ]
    return bool(words) and '"action": "serve"' in words[-1]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    folder: Path = tmp_path_factory.mktemp("outside")
    both = (PlatzProcess(folder / "first"), PlatzProcess(folder / "second"))
    outside = Outside(folder, own_url=both[0].url)
    try:
        outside.start()
        for copy in both:
            copy.settings.update(outside.settings)
            copy.start()
        view = ClusterView(Path(outside.clusters["kubeconfig"]), "east")
        with signed_in(both[0].url) as admin:
            cluster = admin.cluster("east")
            (env,) = admin.items("/envs")
            admin.put(
                f"/k8s-clusters/{cluster['id']}",
                {"env_id": env["id"], "ignore": False, "ingress_domain": "east.example.com"},
            )
        yield Copies(outside=outside, both=both, cluster=view)
        view.close()
    finally:
        for copy in both:
            copy.sweep()
        outside.stop()


@pytest.fixture
def copies(started: Copies) -> Copies:
    """The two copies, both running."""
    for copy in started.both:
        if not copy.is_alive():
            copy.start()
    started.serving()
    return started


@pytest.fixture
def admin(copies: Copies) -> Iterator[Client]:
    with signed_in(copies.serving().url) as client:
        yield client


def test_one_cluster_is_served_by_one_copy_and_each_chart_is_recorded_once(
    copies: Copies, admin: Client
) -> None:
    assert [serves(copy) for copy in copies.both].count(True) == 1
    admin.chart("web-shop", "1.1.0")
    charts = [(row["helm_registry_id"], row["image_tag"]) for row in admin.items("/helm-charts")]
    assert len(charts) == len(set(charts))


def test_what_is_asked_of_one_copy_is_done_by_the_other_and_told_by_both(
    copies: Copies, admin: Client
) -> None:
    idle = copies.other(copies.serving())
    with (
        signed_in(idle.url) as client,
        EventRecorder(client, ["deployments", "deployment_tasks"]) as recorder,
    ):
        made = client.deploy("guestbook", "0.3.0", name="asked-elsewhere", config={"title": "Hello"})
        client.running(made["id"])
        recorder.saw("INSERT", "deployments", made["id"])
        recorder.saw("UPDATE", "deployment_tasks", client.tasks(made["id"])[0]["id"])

    assert "Starting a task" not in idle.log


def test_a_killed_copys_task_is_finished_once_by_the_other(copies: Copies, admin: Client) -> None:
    busy = copies.serving()
    made = admin.deploy("chaos-monkey", "1.0.0", name="orphan", config=SLOW)
    eventually(lambda: under_way(copies.cluster, "chaosmonkey-orphan"), seconds=20)

    busy.kill()

    with signed_in(copies.other(busy).url) as client:
        (task,) = client.settled(made["id"], seconds=LOST_LEASE_SECONDS)
        assert task["status"] == "Done", task["reason"]
        assert client.deployment(made["id"])["status"] == "Running"
    assert copies.cluster.statuses("chaosmonkey-orphan") == ["deployed"]


def test_a_copy_that_hangs_loses_its_work_to_the_other_and_starts_nothing_when_it_goes_on(
    copies: Copies, admin: Client
) -> None:
    busy = copies.serving()
    other = copies.other(busy)
    made = admin.deploy("chaos-monkey", "1.0.0", name="hung", config=SLOW)
    eventually(lambda: under_way(copies.cluster, "chaosmonkey-hung"), seconds=20)

    busy.signal(signal.SIGSTOP)
    try:
        with signed_in(other.url) as client:
            (task,) = client.settled(made["id"], seconds=LOST_LEASE_SECONDS)
    finally:
        busy.signal(signal.SIGCONT)

    assert task["status"] == "Done", task["reason"]
    eventually(lambda: not serves(busy), seconds=20)
    assert serves(other)
    assert copies.cluster.statuses("chaosmonkey-hung") == ["deployed"]
    with signed_in(busy.url) as client:
        made = client.deploy("guestbook", "0.3.0", name="after-the-hang", config={"title": "Hello"})
        client.running(made["id"])
    assert "Starting a task" in other.log


def test_a_stopped_copys_work_moves_to_the_other_at_once(copies: Copies, admin: Client) -> None:
    busy = copies.serving()
    idle = copies.other(busy)

    assert busy.stop() == 0

    assert eventually(lambda: serves(idle), seconds=15)
    with signed_in(idle.url) as client:
        made = client.deploy("guestbook", "0.3.0", name="moved", config={"title": "Hello"})
        client.running(made["id"])


@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_a_database_that_comes_back_finds_everyone_where_they_were(
    copies: Copies, admin: Client, way: str
) -> None:
    with EventRecorder(admin, ["deployments"]) as recorder:
        made = admin.deploy("chaos-monkey", "1.0.0", name=f"patient-{way}", config=SLOW)
        eventually(lambda: under_way(copies.cluster, f"chaosmonkey-patient-{way}"), seconds=20)

        take_away(copies.outside, way)
        eventually(lambda: admin.http.get("/deployments").status_code == 503)
        copies.outside.database.start()

        eventually(lambda: admin.http.get("/deployments").status_code == 200, seconds=30)
        (task,) = admin.settled(made["id"], seconds=LOST_LEASE_SECONDS)
        assert task["status"] == "Done", task["reason"]
        assert copies.cluster.statuses(f"chaosmonkey-patient-{way}") == ["deployed"]
        closed = recorder.wait_until_closed(seconds=20)
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1012  # changes may have been missed: the client reads anew
    with EventRecorder(admin, ["deployments"]) as recorder:
        later = admin.deploy("guestbook", "0.3.0", name=f"after-{way}", config={"title": "Hello"})
        recorder.saw("INSERT", "deployments", later["id"], seconds=20)
        admin.running(later["id"])
    assert all(copy.is_alive() for copy in copies.both)


def take_away(outside: Outside, way: str) -> None:
    if way == "killed":
        assert outside.database.pid is not None
        end_process(outside.database.pid)
        eventually(lambda: outside.database.pid is None)
    outside.database.stop()


def under_way(cluster: ClusterView, namespace: str) -> bool:
    return bool(cluster.namespace(namespace)) and cluster.statuses(namespace)[-1:] == ["pending-install"]
