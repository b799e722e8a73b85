"""What is wrong with a deployment, as SQL: its workloads in short, and a sentence for each problem.

Invariant: a deployment has a sentence here exactly when the condition `HAS_PROBLEM` of the lists holds. In the SQL,
``item`` is the deployment.
"""

from __future__ import annotations

from platz.db.lists.catalogue import NOT_READY, READY_KINDS

_OF_ITEM = "FROM k8s_resources workload WHERE workload.deployment_id = item.id"
_DOTS = f"FROM k8s_resources workload, unnest(workload.status_color) dot WHERE workload.deployment_id = item.id AND workload.kind IN {READY_KINDS}"  # noqa: E501

WORKLOADS = f"""json_build_object(
    'number', (SELECT count(*) {_OF_ITEM}),
    'replicas', (SELECT count(*) {_DOTS}),
    'ready', (SELECT count(*) {_DOTS} AND dot = 'Success'),
    'not_ready', (SELECT count(*) {_OF_ITEM} AND {NOT_READY}))"""
"""The number of workloads, of the replicas of those that should run all the time, of the ready ones, and of the
workloads with a replica that is not ready."""

_CLUSTER = "(SELECT home.{} FROM k8s_clusters home WHERE home.id = item.cluster_id)"

COLOR = "item.reported_status #>> '{content,status,color}'"
"""The SQL of the colour that a deployment reports."""

_REPORTED = """coalesce(
    jsonb_path_query_first(item.reported_status, 'lax $.content.notices[*].text') #>> '{}',
    item.reported_status #>> '{content,status,name}')"""

_NAMES = f"""(SELECT string_agg(workload.name, ', ' ORDER BY workload.name)
    FROM (SELECT workload.name {_OF_ITEM} AND {NOT_READY} ORDER BY workload.name LIMIT 5) workload)"""  # noqa: S608

_CASES = {
    "Failed": ("item.status = 'Error'", "coalesce(item.reason, 'The last change failed.')"),
    "ClusterAway": (
        f"NOT {_CLUSTER.format('is_ok')}",
        f"concat_ws(' ', 'The cluster does not answer.', {_CLUSTER.format('not_ok_reason')})",
    ),
    "NotReady": (
        f"item.status = 'Running' AND EXISTS (SELECT {_OF_ITEM} AND {NOT_READY})",
        f"'Not all replicas are ready: ' || {_NAMES}",
    ),
    "ReportedDanger": (f"{COLOR} = 'danger'", _REPORTED),
    "ReportedWarning": (f"{COLOR} = 'warning'", _REPORTED),
}
"""The condition and the sentence of each problem, the worst first."""

SENTENCES = {problem: sentence for problem, (_, sentence) in _CASES.items()}
"""The SQL of the sentence that explains each problem."""

LONGEST = 500
"""The number of characters of a sentence."""

_EACH = " UNION ALL ".join(
    f"SELECT {place} AS place, '{name}' AS problem, left({sentence}, {LONGEST}) AS reason WHERE {condition}"
    for place, (name, (condition, sentence)) in enumerate(_CASES.items())
)

PROBLEMS = f"""coalesce((
    SELECT json_agg(json_build_object('problem', told.problem, 'reason', told.reason) ORDER BY told.place)
    FROM ({_EACH}) told WHERE item.enabled), '[]'::json)"""  # noqa: S608
"""The problems of a deployment, the worst first; a disabled one has none."""
