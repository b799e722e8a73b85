"""Recording clusters.

Source: docs/contract/workers.md, "What discovery writes".
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select, text

from platz.db import schema
from platz.db.database import Database
from platz.db.tables.clusters import set_health
from platz.discovery.cluster_records import record_clusters
from platz.discovery.findings import FirstSight, FoundCluster
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, CredentialSource


class NoCredentials(CredentialSource):
    """Nobody connects in these tests."""

    def current(self) -> Credential:
        return Credential()

    def renew(self) -> Credential:
        return Credential()


ACCESS = ClusterAccess(name="east", server="https://east.test", credentials=NoCredentials())
EAST = FoundCluster(provider_id="local:east", name="east", region_name="local", access=ACCESS)
WEST = replace(EAST, provider_id="local:west", name="west")


def record(database: Database, *found: FoundCluster) -> Sequence[Row[Any]]:
    """Record the clusters, and give all that are recorded."""
    with database.transaction() as connection:
        record_clusters(connection, found)
    with database.reading() as connection:
        return connection.execute(select(schema.k8s_clusters)).all()


def test_a_new_cluster_is_ignored_and_belongs_to_nobody(database: Database) -> None:
    [row] = record(database, EAST)
    assert (row.provider_id, row.name, row.region_name) == ("local:east", "east", "local")
    assert (row.ignore, row.env_id, row.is_ok, row.ingress_domain) == (True, None, True, None)


def test_a_sandbox_gives_its_clusters_an_environment_and_a_domain(database: Database) -> None:
    sight = FirstSight(
        env_name="default", ignore=False, ingress_domain="east.test", ingress_tls_secret_name="tls"
    )
    [row] = record(database, replace(EAST, first_sight=sight))
    assert (row.ignore, row.ingress_domain, row.ingress_tls_secret_name) == (False, "east.test", "tls")
    with database.reading() as connection:
        assert row.env_id == connection.execute(text("select id from envs")).scalar()


def test_an_environment_that_does_not_exist_is_none(database: Database) -> None:
    [row] = record(database, replace(EAST, first_sight=FirstSight(env_name="nowhere")))
    assert row.env_id is None


def test_a_later_sighting_changes_what_was_seen_and_nothing_else(database: Database) -> None:
    [first] = record(database, EAST)
    with database.transaction() as connection:
        connection.execute(text("update k8s_clusters set ignore = false, grafana_url = 'g'"))
        set_health(connection, first.id, is_ok=False, reason="unreachable")
    sight = FirstSight(env_name="default", ignore=True, ingress_domain="x")
    [second] = record(database, replace(EAST, name="new", region_name="eu", first_sight=sight))
    assert second.id == first.id
    assert (second.name, second.region_name) == ("new", "eu")
    assert second.last_seen_at > first.last_seen_at
    assert (second.ignore, second.grafana_url, second.env_id, second.ingress_domain) == (
        False,
        "g",
        None,
        None,
    )
    assert (second.is_ok, second.not_ok_reason) == (False, "unreachable")


def test_processes_that_search_at_the_same_time_do_not_block_each_other(database: Database) -> None:
    orders = [(EAST, WEST), (WEST, EAST)] * 4
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda found: record(database, *found), orders))
    assert len(record(database)) == 2


def test_an_unchanged_health_is_not_written(database: Database) -> None:
    [row] = record(database, EAST)
    with database.transaction() as connection:
        assert not set_health(connection, row.id, is_ok=True)
        assert set_health(connection, row.id, is_ok=False, reason="gone")
        assert not set_health(connection, row.id, is_ok=False, reason="gone")
        assert set_health(connection, row.id, is_ok=False, reason="still gone")
