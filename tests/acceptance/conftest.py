"""One real Platz process for the acceptance tests, with default settings except for the ports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess


@pytest.fixture(scope="session")
def platz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatzProcess]:
    """A running process without configuration, which must stop cleanly after the tests."""
    process = PlatzProcess(tmp_path_factory.mktemp("platz"))
    try:
        process.start()
        yield process
        assert process.stop() == 0
        assert process.processes() == []
        assert "A child failed" not in process.log
        assert "for a reason nobody foresaw" not in process.log
    finally:
        process.sweep()


@pytest.fixture(scope="session")
def admin(platz: PlatzProcess) -> Iterator[Client]:
    """A client of the site admin, signed in through the provider."""
    with signed_in(platz.url) as client:
        yield client


@pytest.fixture(scope="session")
def east(platz: PlatzProcess) -> Iterator[ClusterView]:
    """A view of the first cluster, with the kubeconfig that the banner names."""
    view = ClusterView(platz.kubeconfig, "east")
    yield view
    view.close()


@pytest.fixture
def platz_contents(platz: PlatzProcess) -> str:
    """Return the contents of the tables of secrets, deployments and tasks, and the whole log."""
    tables = ("secrets", "deployments", "deployment_tasks")
    rows = [platz.sql(f"SELECT to_jsonb(t)::text FROM {table} AS t") for table in tables]
    return f"{rows}\n{platz.log}"
