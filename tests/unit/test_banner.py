"""The banner says what is true of this process, and nothing of what its roles do not touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from platz.backing_services import BackingServices
from platz.banner import banner
from platz.config import Settings
from platz.db.address import DatabaseAddress, TlsMode
from platz.embedded_services import ClusterFacts, EmbeddedFacts
from platz.observation.ingress import IngressRoute

REAL = {"DATABASE_URL": "postgresql://platz@db/platz", "PLATZ_PRODUCTION": True}


def said(roles: str, *, clusters: ClusterFacts | None = None, **settings: object) -> str:
    services = BackingServices(
        database=DatabaseAddress(
            host="db",
            port=5432,
            database="platz",
            user="platz",
            password="",
            tls=TlsMode.PREFER,
            ca_file=None,
        ),
        own_url="https://platz.example.com",
        identity=None,
        clusters=clusters,
        registry_url=None,
        ingress=IngressRoute(),
        cache=Path(),
        encryption_key=None,
        facts=EmbeddedFacts(clusters=clusters),
    )
    return banner(Settings.model_validate({**REAL, "PLATZ_ROLES": roles, **settings}), services, seconds=1)


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ("api", {"sign-in"}),
        ("deploy", {"clusters", "charts"}),
        ("charts", {"charts"}),
        ("track", {"clusters"}),
        ("status", set()),
        ("resources credentials", {"clusters"}),
        ("api clusters deploy track charts status resources credentials", {"clusters", "charts", "sign-in"}),
    ],
)
def test_only_what_the_roles_touch_is_told(roles: str, told: set[str]) -> None:
    lines = {line.split()[0] for line in said(roles).splitlines() if line.startswith("  ") and line[2] != " "}
    assert lines & {"clusters", "charts", "sign-in"} == told


@pytest.mark.parametrize("roles", ["deploy", "charts"])
def test_no_value_that_is_missing_is_told(roles: str) -> None:
    assert "None" not in said(roles)
    queue = {"PLATZ_ECR_EVENTS_QUEUE": "events", "PLATZ_ECR_EVENTS_REGION": "eu-west-1"}
    assert ("as the queue events tells" in said(roles, **queue)) == (roles == "charts")


def test_a_search_without_a_queue_is_told() -> None:
    assert "ECR, but no queue is set that tells of them" in said("charts status")
    assert "no queue" not in said("deploy")


def test_the_address_is_told_only_where_it_answers() -> None:
    assert "at https://platz.example.com" in said("api")
    assert "platz.example.com" not in said("deploy")


def test_simulated_clusters_are_told_to_who_calls_deployments_in_them() -> None:
    simulated = ClusterFacts(kubeconfig=Path("k"), names=("east",), ingress="127.0.0.1:1", ca=Path("c"))
    assert "simulated: east" in said("status", clusters=simulated)
    assert "simulated" not in said("api", clusters=simulated)
