"""An installation or an environment at a glance: counts, what needs attention, what changes, which versions run.

Invariant: one statement, made of constants. What is counted and listed is what the reader sees; a deployment is listed
once, with the worst of its problems, and a cluster that does not answer once instead of each of its deployments.

Source: docs/contract/http-api.md, "Overview at a glance".
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import orjson
from sqlalchemy import Connection

from platz.db.lists.catalogue import HAS_PROBLEM, NOT_READY
from platz.db.lists.reading import SeenEnvs, json_object
from platz.db.overview.deployment_rows import TASK_MEMBERS, VERSION
from platz.db.overview.troubles import COLOR, LONGEST, SENTENCES
from platz.db.rows import driver_row
from platz.identities import EnvId
from platz.json import JsonObject

MOST_TROUBLES = 10
MOST_TASKS = 20
MOST_VERSIONS = 10
"""So many versions of each kind are listed, those with most deployments."""
LONG_WAIT = "interval '5 minutes'"
"""A task that is due for so long, and has not started, needs attention."""

_OF_DEPLOYMENTS = "SELECT {place} AS place, '{problem}' AS problem, item.id, item.cluster_id, NULL::uuid AS task_id, {since} AS since FROM visible item WHERE item.enabled AND {condition}"  # noqa: E501
_LAST_FAILURE = """(SELECT task.finished_at FROM deployment_tasks task
    WHERE task.deployment_id = item.id AND task.status = 'Failed' ORDER BY task.execute_at DESC, task.id LIMIT 1)"""
_NEVER = "NULL::timestamptz"

_DEPLOYMENT_TROUBLES = {
    "Failed": ("item.status = 'Error'", _LAST_FAILURE),
    "NotReady": (
        f"item.status = 'Running' AND item.id IN (SELECT workload.deployment_id FROM k8s_resources workload WHERE {NOT_READY})",  # noqa: E501, S608
        _NEVER,
    ),
    "ReportedDanger": (f"{COLOR} = 'danger'", _NEVER),
    "ReportedWarning": (f"{COLOR} = 'warning'", _NEVER),
}
_CLUSTERS_AWAY = f"""SELECT 2, 'ClusterAway', NULL, home.id, NULL, {_NEVER} FROM homes home
    WHERE NOT home.is_ok AND NOT home.ignore"""  # noqa: S608
_WAITING = f"""SELECT 5, 'TaskWaits', task.deployment_id, task.cluster_id, task.id, task.execute_at
    FROM deployment_tasks task JOIN homes home ON home.id = task.cluster_id
    WHERE task.status = 'Pending' AND task.execute_at < now() - {LONG_WAIT}"""  # noqa: S608
_TROUBLES = " UNION ALL ".join(
    [
        *(
            _OF_DEPLOYMENTS.format(place=place, problem=problem, condition=condition, since=since)
            for place, (problem, (condition, since)) in zip(
                (1, 3, 4, 6), _DEPLOYMENT_TROUBLES.items(), strict=True
            )
        ),
        _CLUSTERS_AWAY,
        _WAITING,
    ]
)

_REASON = f"""left(CASE chosen.problem
    {" ".join(f"WHEN '{problem}' THEN {SENTENCES[problem]}" for problem in _DEPLOYMENT_TROUBLES)}
    WHEN 'TaskWaits' THEN coalesce((SELECT task.reason FROM deployment_tasks task WHERE task.id = chosen.task_id),
        'This task is due, and has not started yet.')
    ELSE concat_ws(' ', 'The cluster does not answer.',
        (SELECT home.not_ok_reason FROM k8s_clusters home WHERE home.id = chosen.cluster_id))
    END, {LONGEST})"""  # noqa: S608

_DEPLOYMENT = """(SELECT json_build_object('id', named.id, 'name', named.name, 'kind', kind.name)
    FROM deployments named JOIN deployment_kinds kind ON kind.id = named.kind_id WHERE named.id = {})"""
_CLUSTER = """(SELECT json_build_object('id', home.id, 'name', home.name) FROM k8s_clusters home WHERE home.id = {})"""
_ENV = """(SELECT json_build_object('id', env.id, 'name', env.name) FROM k8s_clusters home
    JOIN envs env ON env.id = home.env_id WHERE home.id = {})"""
_MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_FAILED_TASK = """(SELECT task.id FROM deployment_tasks task WHERE task.deployment_id = chosen.id
    AND chosen.problem = 'Failed' AND task.status = 'Failed' ORDER BY task.execute_at DESC, task.id LIMIT 1)"""

_ACTIONS = """CASE chosen.problem WHEN 'Failed' THEN 'SeeTask' WHEN 'TaskWaits' THEN 'SeeTask'
    WHEN 'ClusterAway' THEN 'SeeCluster' WHEN 'NotReady' THEN 'SeeWorkloads' ELSE 'SeeStatus' END"""

_TROUBLE = json_object(
    {
        "problem": "chosen.problem",
        "reason": _REASON,
        "since": _MOMENT.format("chosen.since"),
        "action": _ACTIONS,
        "deployment": _DEPLOYMENT.format("chosen.id"),
        "cluster": _CLUSTER.format("chosen.cluster_id"),
        "env": _ENV.format("chosen.cluster_id"),
        "task_id": f"coalesce(chosen.task_id, {_FAILED_TASK})",
    }
)
_TASK = json_object(
    {
        **TASK_MEMBERS,
        "deployment": _DEPLOYMENT.format("item.deployment_id"),
        "env": _ENV.format("item.cluster_id"),
    }
)


_PARTS = {
    "counts": """json_build_object(
        'deployments', (SELECT count(*) FROM visible),
        'problems', (SELECT count(*) FROM visible WHERE problem),
        'disabled', (SELECT count(*) FROM visible WHERE NOT enabled),
        'changing', (SELECT count(DISTINCT deployment_id) FROM active),
        'clusters', (SELECT count(*) FROM homes WHERE NOT ignore),
        'clusters_away', (SELECT count(*) FROM homes WHERE NOT ignore AND NOT is_ok))""",
    "attention": f"""coalesce((
        SELECT json_agg({_TROUBLE} ORDER BY chosen.place, chosen.since DESC NULLS LAST, chosen.id)
        FROM chosen LEFT JOIN deployments item ON item.id = chosen.id), '[]'::json)""",  # noqa: S608
    "num_attention": "(SELECT count(*) FROM troubles)",
    "changing": f"""coalesce((
        SELECT json_agg({_TASK} ORDER BY item.status DESC, item.execute_at, item.id)
        FROM (SELECT * FROM active ORDER BY status DESC, execute_at, id LIMIT {MOST_TASKS}) item), '[]'::json)""",  # noqa: S608
    "last_changes": f"""coalesce((
        SELECT json_agg({_TASK} ORDER BY item.execute_at DESC, item.id)
        FROM (SELECT item.* FROM deployment_tasks item
            WHERE item.cluster_id = ANY (ARRAY(SELECT id FROM homes))
                AND item.status IN ('Done', 'Failed', 'Canceled') AND item.execute_at <= now()
            ORDER BY item.execute_at DESC, item.id LIMIT {MOST_TASKS}) item), '[]'::json)""",  # noqa: S608
    "versions": f"""coalesce((
        SELECT json_agg(json_build_object('kind_id', told.kind_id, 'kind', told.kind, 'version', told.version,
            'count', told.number, 'num_versions', told.versions) ORDER BY told.kind, told.rank)
        FROM (SELECT item.kind_id, kind.name AS kind, {VERSION} AS version, count(*) AS number,
                row_number() OVER (PARTITION BY item.kind_id ORDER BY count(*) DESC, {VERSION}) AS rank,
                count(*) OVER (PARTITION BY item.kind_id) AS versions
            FROM visible item JOIN deployment_kinds kind ON kind.id = item.kind_id
            LEFT JOIN helm_charts chart ON chart.id = item.helm_chart_id
            GROUP BY item.kind_id, kind.name, {VERSION}) told
        WHERE told.rank <= {MOST_VERSIONS}), '[]'::json)""",  # noqa: S608
}


def read_summary(connection: Connection, *, env_id: EnvId | None, seen: SeenEnvs) -> JsonObject:
    """Return ``counts``, ``attention``, ``num_attention``, ``changing``, ``last_changes`` and ``versions``."""
    statement = summary_statement(of_env=env_id is not None, scoped=seen is not None)
    bound = {"env_id": env_id, "seen": None if seen is None else list(seen)}
    row = driver_row(connection, statement, bound)
    assert row is not None  # noqa: S101 (the statement has no FROM)
    return cast("JsonObject", orjson.loads(row[0]))


@lru_cache
def summary_statement(*, of_env: bool, scoped: bool) -> str:
    """Return the statement, for one environment or for all that ``seen`` holds, or for everything."""
    conditions = ["home.env_id = %(env_id)s::uuid"] if of_env else []
    conditions += ["home.env_id = ANY (%(seen)s::uuid[])"] if scoped else []
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"""
        WITH homes AS MATERIALIZED (SELECT home.* FROM k8s_clusters home {where}),
        visible AS MATERIALIZED (
            SELECT item.id, item.kind_id, item.cluster_id, item.helm_chart_id, item.status, item.enabled,
                item.reported_status, ({HAS_PROBLEM}) IS TRUE AS problem
            FROM deployments item JOIN homes home ON home.id = item.cluster_id
        ), troubles AS MATERIALIZED (
            SELECT DISTINCT ON (coalesce(found.id, found.cluster_id)) found.* FROM ({_TROUBLES}) found
            ORDER BY coalesce(found.id, found.cluster_id), found.place
        ), chosen AS (
            SELECT * FROM troubles ORDER BY place, since DESC NULLS LAST, id LIMIT {MOST_TROUBLES}
        ), active AS MATERIALIZED (
            SELECT item.* FROM deployment_tasks item JOIN homes home ON home.id = item.cluster_id
            WHERE item.status = 'Started' OR (item.status = 'Pending' AND item.execute_at <= now())
        )
        SELECT {json_object(_PARTS)}::text
    """  # noqa: S608 (only constants of this package are put in)
