"""The conversion of the raw objects of a cluster's watches into workload rows; pure functions.

Source: docs/contract/workers.md, "Workload rows".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from platz.db.tables.k8s_resources import SeenWorkload, WorkloadId
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject, JsonValue
from platz.kube.namespaces import deployment_of

MAX_DOTS = 1000


def status_colors(kind: str, status: JsonValue) -> list[str]:
    """Return one color for each replica or pod; missing numbers count as zero.

    Source: docs/contract/workers.md, "Workload rows".
    """
    given = cast("JsonObject", status) if isinstance(status, dict) else {}

    def number(key: str) -> int:
        value = given.get(key)
        return max(0, min(value, MAX_DOTS)) if isinstance(value, int) else 0

    colors = {
        "Deployment": lambda: (
            ["Success"] * number("availableReplicas") + ["Danger"] * number("unavailableReplicas")
        ),
        "StatefulSet": lambda: (
            ["Success"] * number("readyReplicas")
            + ["Danger"] * max(0, number("replicas") - number("readyReplicas"))
        ),
        "DaemonSet": lambda: (
            ["Success"] * number("numberAvailable")
            + ["Danger"] * max(0, number("desiredNumberScheduled") - number("numberAvailable"))
        ),
        "CronJob": lambda: _cron_job_colors(given),
        "Job": lambda: (
            ["Primary"] * number("active") + ["Success"] * number("succeeded") + ["Danger"] * number("failed")
        ),
    }
    return colors[kind]()


def _cron_job_colors(status: JsonObject) -> list[str]:
    """Return one color for each running Job; if none runs, whether the last one succeeded."""
    active = status.get("active")
    if isinstance(active, list) and active:
        return ["Primary"] * min(len(active), MAX_DOTS)
    scheduled, succeeded = status.get("lastScheduleTime"), status.get("lastSuccessfulTime")
    if not isinstance(scheduled, str):
        return []
    return ["Success" if isinstance(succeeded, str) and succeeded >= scheduled else "Danger"]


def seen_workload(
    kind: str,
    api_version: str,
    document: JsonObject,
    *,
    cluster_id: ClusterId,
    owners: Mapping[str, DeploymentId],
) -> SeenWorkload | None:
    """Return the row of a workload, or None if no deployment owns its namespace (``owners`` is keyed by namespace)."""
    metadata = cast("JsonObject", document.get("metadata") or {})
    owner = owners.get(str(metadata.get("namespace")))
    uid = _uuid(metadata.get("uid"))
    if owner is None or uid is None:
        return None
    return SeenWorkload(
        id=WorkloadId(uid),
        cluster_id=cluster_id,
        deployment_id=owner,
        kind=kind,
        api_version=api_version,
        name=str(metadata.get("name")),
        status_color=status_colors(kind, document.get("status")),
        metadata=metadata,
    )


def workload_id(document: JsonObject) -> WorkloadId | None:
    """Return the id of a workload's row; None if the object has no valid uid."""
    uid = _uuid(cast("JsonObject", document.get("metadata") or {}).get("uid"))
    return None if uid is None else WorkloadId(uid)


def owner_of(namespace: JsonObject) -> DeploymentId | None:
    """Return the deployment that owns a namespace; None if its annotation is missing or malformed."""
    uid = _uuid(deployment_of(namespace))
    return None if uid is None else DeploymentId(uid)


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
