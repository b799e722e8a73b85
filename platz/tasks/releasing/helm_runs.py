"""Runs Helm so that nothing which happened to the release before keeps it from succeeding.

Interrupted runs, leftover hooks, changes from outside and autoscalers are dealt with here, for every operation that
installs or upgrades.
Invariants: Helm never runs twice at once for a release, because the children of a lease's former owner are gone before
another one begins (docs/architecture.md, "Fencing"), and a release has one child at a time in a process; so a revision
that is pending before a run is left over. Whatever is cleared
away, put back or left alone is told in the output.

Source: docs/contract/workers.md, "Helm execution", "Changes from outside".
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from platz.charts.documents.features import OutsideChanges
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.manifests import ManifestObject, manifest_objects
from platz.helm.redaction import Redactor
from platz.helm.releases import Revision, last_revision, revisions, settle
from platz.kube.client import KubeClient
from platz.kube.kind_lookup import ServedKinds
from platz.kube.object_removal import remove_pods
from platz.kube.secret_objects import Secrets
from platz.tasks.releasing.autoscaling import Autoscaled, autoscaled_workloads
from platz.tasks.releasing.leftover_hooks import remove_leftover_hooks
from platz.tasks.releasing.outside_changes import ChangedFromOutside, refuse_changes
from platz.tasks.releasing.putting_back import put_back
from platz.tasks.releasing.release import Release
from platz.tasks.releasing.remains import remove_husk

INTERRUPTED = "Platz was interrupted while Helm worked on this revision."
_ATTEMPTS = 10
_MODIFIED = re.compile(r"the object has been modified; please apply your changes to the latest version")
_INVALID = re.compile(r"is invalid:")
_TAKEN = re.compile(r'ClusterRole "([^"]+)" in namespace "" exists and cannot be imported')

RunHelm = Callable[[HelmRun], HelmOutcome]


@dataclass(frozen=True, kw_only=True)
class ReleaseRun:
    """An install or upgrade of a release: ``wanted`` is what Helm is to do, ``run_helm`` does it.

    ``look`` raises an error if it turns out that Helm must not run: it is called before anything is cleared away.
    """

    client: KubeClient
    run_helm: RunHelm
    wanted: HelmRun
    policy: OutsideChanges
    look: Callable[[], object] = lambda: None


def run_release(run: ReleaseRun) -> HelmOutcome:
    """Run Helm and return how it ended, once more when another attempt can succeed.

    Raises `ChangedFromOutside` under the policy `Refuse`, the errors of the cluster, and what ``look`` raises.
    """
    release = Release(
        client=run.client,
        kinds=ServedKinds(run.client),
        name=run.wanted.release,
        namespace=run.wanted.namespace,
    )
    told: list[str] = []
    for _ in range(_ATTEMPTS - 1):
        outcome = _attempt(run, release, told)
        if outcome.ok or not _is_worth_another(run, release, outcome, told):
            return outcome
    return _attempt(run, release, told)


def _attempt(run: ReleaseRun, release: Release, told: list[str]) -> HelmOutcome:
    run.look()
    action, last = _clear_the_way(release, run.wanted.action, told)
    autoscaled = autoscaled_workloads(release.client, release.kinds, namespace=release.namespace)
    helm_run = dataclasses.replace(
        run.wanted,
        action=action,
        force_conflicts=last is None or last.applied_on_server,
        kept_replicas={each.workload: each.replicas for each in autoscaled},
    )
    if last is not None and run.policy is OutsideChanges.REFUSE:
        refusal = _refuse(run, release, helm_run)
        if refusal is not None:
            return refusal
    outcome = run.run_helm(helm_run)
    return _with_told(outcome, [*told, *_left_alone(release, autoscaled)]) if outcome.ok else outcome


def _clear_the_way(
    release: Release, action: HelmAction, told: list[str]
) -> tuple[HelmAction, Revision | None]:
    """Remove what earlier runs left and would make this one fail; return the action for Helm, and the last revision.

    The action is an upgrade if a release exists, even for an Install: that happens when the deployment was moved and
    disabled while other tasks waited.
    """
    store, name, namespace = Secrets(release.client), release.name, release.namespace
    found = revisions(store, namespace=namespace, release=name)
    if not found:
        return action, None
    remove_pods(release.client, namespace=namespace, names=found[-1].leftover_pods)
    told += [_interrupted(each) for each in found if each.is_under_way]
    settle(store, namespace=namespace, release=name, action=action, reason=INTERRUPTED)
    last = last_revision(store, namespace=namespace, release=name)
    needed = action if last is None else HelmAction.UPGRADE
    removed = remove_leftover_hooks(release, found, needed)
    told += [f"{each}, which a hook of an earlier run had left, was removed first." for each in removed]
    return needed, last


def _interrupted(revision: Revision) -> str:
    return f"Revision {revision.number} was {revision.status} since an interrupted run, and was cleared away first."


def _refuse(run: ReleaseRun, release: Release, helm_run: HelmRun) -> HelmOutcome | None:
    """Refuse an upgrade that would undo changes from outside; return Helm's failure if it can't even render."""
    rendered = run.run_helm(dataclasses.replace(helm_run, dry_run=True, kept_replicas={}))
    if not rendered.ok:
        return rendered
    kept = set(helm_run.kept_replicas)
    try:
        refuse_changes(release, [_without_kept(each, kept) for each in manifest_objects(rendered.manifest)])
    except ChangedFromOutside as refusal:
        raise ChangedFromOutside(Redactor(helm_run.secrets)(refusal.message)) from refusal
    return None


def _without_kept(wanted: ManifestObject, kept: set[str]) -> ManifestObject:
    """Return the object without the replicas that stay as the autoscaler has them."""
    spec = wanted.document.get("spec")
    if f"{wanted.kind}/{wanted.name}" not in kept or not isinstance(spec, dict):
        return wanted
    rest = {key: value for key, value in spec.items() if key != "replicas"}
    return dataclasses.replace(wanted, document={**wanted.document, "spec": rest})


def _is_worth_another(run: ReleaseRun, release: Release, outcome: HelmOutcome, told: list[str]) -> bool:
    """Tell whether Helm should run once more: somebody wrote at the same moment, or what was in its way is put back."""
    if _MODIFIED.search(outcome.output):
        return True
    taken = _TAKEN.search(outcome.output)
    if taken:
        return remove_husk(release.client, name=taken.group(1))
    if not _INVALID.search(outcome.output) or run.policy is not OutsideChanges.TAKE_OVER:
        return False
    last = last_revision(Secrets(release.client), namespace=release.namespace, release=release.name)
    restored = put_back(release, manifest_objects(last.manifest)) if last else []
    told += [f"{each} was changed from outside, and was put back as the chart has it." for each in restored]
    return bool(restored)


def _left_alone(release: Release, autoscaled: Sequence[Autoscaled]) -> list[str]:
    """Tell which workloads kept their replicas although the chart names a number."""
    if not autoscaled:
        return []
    last = last_revision(Secrets(release.client), namespace=release.namespace, release=release.name)
    objects = manifest_objects(last.manifest if last else "")
    named = {f"{each.kind}/{each.name}" for each in objects if _names_replicas(each)}
    return [str(each) for each in autoscaled if each.workload in named]


def _names_replicas(wanted: ManifestObject) -> bool:
    spec = wanted.document.get("spec")
    return isinstance(spec, dict) and "replicas" in spec


def _with_told(outcome: HelmOutcome, told: Sequence[str]) -> HelmOutcome:
    if not told:
        return outcome
    return dataclasses.replace(outcome, output="\n".join([outcome.output, "", *told]))
