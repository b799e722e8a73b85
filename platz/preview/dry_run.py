"""What Helm would make of a change: rendered by Helm itself, with the cluster's answers to `lookup`.

Invariant: it is Helm's own dry run, in a child process with limits; no hook runs and nothing is written. A cluster that
does not answer leaves a sentence instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from platz.charts.documents.features import OutsideChanges, effective_features
from platz.errors import PlatzError
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.manifests import ManifestObject, manifest_objects
from platz.helm.process_pool import without_limit
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.credentials import successors_of_token
from platz.kube.kind_lookup import ServedKinds
from platz.preview.release_history import ReleaseHistory
from platz.preview.rendered_values import Wanted
from platz.preview.trial import Trial, try_objects
from platz.tasks.chart_values import values_override
from platz.tasks.context import TaskServices
from platz.tasks.releases import PreparedChart
from platz.tasks.releasing.autoscaling import autoscaled_workloads
from platz.tasks.releasing.release import Release
from platz.tasks.task_target import TaskTarget

HELM_SECONDS = 20
OWNER = "previews"
"""The owner of the Helm child processes of previews."""

MOST_BYTES = 4_000_000
_LACKS_A_KIND = re.compile(r"ensure CRDs are installed first|no matches for kind")


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The objects that Helm would apply with what the server said to each; or a refusal, or why nothing is known."""

    objects: Sequence[ManifestObject] | None = field(default=None, repr=False)
    trials: Sequence[Trial] = ()
    refusal: str | None = None
    problem: str | None = None
    policy: OutsideChanges = OutsideChanges.TAKE_OVER


def dry_run(
    services: TaskServices,
    client: KubeClient,
    target: TaskTarget,
    wanted: Wanted,
    prepared: PreparedChart,
    history: ReleaseHistory,
    cut: list[str],
) -> DryRun:
    """Render with Helm, and try each object on the server."""
    release = Release(
        client=client, kinds=ServedKinds(client), name=target.namespace, namespace=target.namespace
    )
    try:
        autoscaled = autoscaled_workloads(client, release.kinds, namespace=target.namespace)
        kept = {each.workload: each.replicas for each in autoscaled}
        action = HelmAction.UPGRADE if history.running else HelmAction.INSTALL
        run = _run(target, prepared, action, kept)
        outcome = _outcome(services, client, run)
        if not outcome.ok:
            return _not_rendered(outcome.output)
        if len(outcome.manifest) > MOST_BYTES:
            return DryRun(problem=f"The manifest has more than {MOST_BYTES // 1_000_000} MB.")
        objects = manifest_objects(outcome.manifest)
        trials = try_objects(release, objects, kept=kept, cut=cut)
    except PlatzError as error:
        return DryRun(problem=error.message)
    return DryRun(objects=objects, trials=trials, policy=_policy(services, wanted))


def _outcome(services: TaskServices, client: KubeClient, run: HelmRun) -> HelmOutcome:
    """Run Helm; without a lease, because a dry run changes nothing. Raises `HelmKilled` when Platz stops."""
    return services.helm.run(
        run,
        kubeconfig=as_kubeconfig(client.access),
        owner=OWNER,
        co_owners=(),
        confirm=without_limit,
        fresh_token=successors_of_token(client.access.credentials),
    )


def _run(target: TaskTarget, prepared: PreparedChart, action: HelmAction, kept: dict[str, int]) -> HelmRun:
    return HelmRun(
        action=action,
        release=target.namespace,
        namespace=target.namespace,
        chart_archive=prepared.archive,
        values=prepared.composed.values,
        values_override=values_override(target),
        timeout_seconds=HELM_SECONDS,
        kept_replicas=kept,
        dry_run=True,
        secrets=tuple(prepared.composed.confidential),
    )


def _not_rendered(output: str) -> DryRun:
    """Tell apart what Helm refuses, and the kinds that the chart itself would add first, which no dry run knows."""
    if _LACKS_A_KIND.search(output):
        return DryRun(problem=f"The cluster does not know all kinds yet, so Helm can't try this: {output}")
    return DryRun(refusal=output)


def _policy(services: TaskServices, wanted: Wanted) -> OutsideChanges:
    features = wanted.chart.features if wanted.chart else None
    return effective_features(features).outside_changes or services.outside_changes
