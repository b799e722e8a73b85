"""Helm's uninstall of a release, and the removal of what Helm leaves of it outside the namespace.

Source: docs/contract/workers.md, "Uninstall".
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from platz.db.tables.left_namespaces import Place
from platz.db.tables.tasks import TaskRow
from platz.errors import Rejected
from platz.helm.cluster_trouble import ClusterTrouble
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.releases import Revision, revisions
from platz.identities import DeploymentId
from platz.kube.kind_lookup import ServedKinds
from platz.kube.secret_objects import Secrets
from platz.tasks.cluster_faults import helm_failure
from platz.tasks.context import OperationContext
from platz.tasks.releasing.leftover_hooks import remove_leftover_hooks
from platz.tasks.releasing.release import Release
from platz.tasks.releasing.remains import (
    definitions_of,
    kept_definitions,
    objects_outside,
    remove_remains,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

UNINSTALL_SECONDS = 120
PASSING = frozenset({ClusterTrouble.AWAY, ClusterTrouble.UNTRUSTED, ClusterTrouble.UNAUTHENTICATED})
"""The troubles of a cluster after which Helm may succeed later."""


def uninstall_release(
    context: OperationContext, task: TaskRow | None, deployment_id: DeploymentId, place: Place
) -> str:
    """Uninstall the release in a place, and remove what Helm left of it; return sentences about what stays.

    Helm forgets the revisions, so what they name is read before. Raises `HelmFailed` when the cluster was away.
    """
    client, namespace = context.kube(place.cluster_id), place.namespace
    release = Release(client=client, kinds=ServedKinds(client), name=namespace, namespace=namespace)
    found = _readable_revisions(release)
    outside, definitions = objects_outside(release, found), definitions_of(found)
    remove_leftover_hooks(release, found, HelmAction.UNINSTALL)
    failure = _run_helm(context, task, deployment_id, place)
    left = [*remove_remains(release, outside), *kept_definitions(release, definitions)]
    told = "\n".join([failure, *left] if failure else left)
    if told:
        log.warning(
            "An uninstall left something", action="uninstall", deployment_id=str(deployment_id), reason=told
        )
    return told


def _readable_revisions(release: Release) -> Sequence[Revision]:
    """Return the revisions; none if one is damaged, because that must not stop the removal."""
    try:
        return revisions(Secrets(release.client), namespace=release.namespace, release=release.name)
    except Rejected:
        return ()


def _run_helm(
    context: OperationContext, task: TaskRow | None, deployment_id: DeploymentId, place: Place
) -> str:
    """Run Helm's uninstall, for delete hooks and cluster-wide objects; return why it failed, or an empty text.

    A failure does not prevent the removal of the namespace. Raises `HelmFailed` when the cluster was away, because a
    repetition may uninstall what would be left otherwise.
    """
    run = HelmRun(
        action=HelmAction.UNINSTALL,
        release=place.namespace,
        namespace=place.namespace,
        description=f"Platz removes deployment {deployment_id}",
        timeout_seconds=UNINSTALL_SECONDS,
    )
    outcome = context.run_helm(run, cluster_id=place.cluster_id, task=task)
    if outcome.ok:
        return ""
    failure = helm_failure(outcome, context.kube(place.cluster_id))
    if failure.trouble in PASSING:
        raise failure
    return f"The namespace is being deleted, but Helm could not uninstall everything first: {failure.message}"
