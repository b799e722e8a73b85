"""An installation with 10,000 deployments, 100,000 tasks and 30,000 workloads, for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from http_client import Installation, installation
from migrated_database import migrated_database

FILLED = "00000000-0000-4000-8000-"
"""How the ids of the 10,000 deployments begin; the rest is their number."""


@contextmanager
def large_installation() -> Iterator[Installation]:
    """Give an installation with all these rows, on a server that keeps what is written, as in production."""
    with migrated_database(durable=True) as database, installation(database) as api:
        _fill(api)
        yield api


def _fill(api: Installation) -> None:
    """Insert the rows: half of the deployments here, half there."""
    with api.database.dedicated() as connection:
        connection.execute("set session_replication_role = replica")  # no change events for so many rows
        connection.execute(
            "insert into deployments (id, name, kind_id, cluster_id, helm_chart_id, status, config, description_md)"
            " select (%s || lpad(n::text, 12, '0'))::uuid, 'd' || n, %s,"
            " case when n %% 2 = 0 then %s else %s end, %s, case when n %% 50 = 0 then 'Error' else 'Running' end,"
            ' \'{"size": "small", "replicas": 3}\', \'The shop of team \' || n %% 100 from generate_series(1, 10000) n',
            (FILLED, api.kind, api.cluster, api.far_cluster, api.chart),
        )
        connection.execute(
            "insert into deployment_tasks (deployment_id, cluster_id, operation, status, acting_user_id, execute_at,"
            " created_at, finished_at) select d.id, d.cluster_id, '{\"Uninstall\": {}}', 'Done', %s, at, at, at"
            " from deployments d, generate_series(now() - interval '10 days', now() - interval '1 day', '1 day') at",
            (api.id_of("site"),),
        )
        connection.execute(
            "insert into k8s_resources (id, cluster_id, deployment_id, kind, api_version, name, status_color, metadata)"
            " select gen_random_uuid(), d.cluster_id, d.id, 'Deployment', 'apps/v1', 'web-' || n,"
            " case when n = 1 and right(d.name, 2) = '77' then '{Success,Danger}'::varchar[] else '{Success}' end, '{}'"
            " from deployments d, generate_series(1, 3) n"
        )
        connection.execute("select platz_search_deployments(array(select id from deployments))")
        connection.execute("vacuum analyze")
