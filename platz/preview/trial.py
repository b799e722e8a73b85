"""Each object tried on the cluster's API server: what it would refuse, and what somebody else has set.

Invariant: every request is a dry run, so nothing changes, and no hook or controller acts; the requests are bounded in
number and in time, and the answer says which objects were not tried.

Source: Kubernetes, "API Concepts", "Dry-run"; "Server-Side Apply".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from platz.errors import Denied, PlatzError
from platz.helm.manifests import ManifestObject
from platz.kube.api_resources import NAMESPACE
from platz.kube.errors import FieldConflict, KubeConflict, KubeNotFound, KubeRejected
from platz.tasks.releasing.release import FIELD_MANAGER, Release

MOST_TRIED = 200
TRIAL_SECONDS = 10.0
_AT_ONCE = 8
_OWN = frozenset({FIELD_MANAGER, "before-first-apply"})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the server said about an object: fields of others, a refusal, or why it was not tried."""

    subject: ManifestObject
    conflicts: tuple[FieldConflict, ...] = ()
    refusal: str | None = field(default=None, repr=False)
    untried: str | None = None


def try_objects(
    release: Release, objects: Sequence[ManifestObject], *, kept: Collection[str], cut: list[str]
) -> Sequence[Trial]:
    """Try each object; ``kept`` are workloads whose replicas stay as they are, ``cut`` learns what was left out."""
    if len(objects) > MOST_TRIED:
        cut.append(f"Only {MOST_TRIED} of {len(objects)} objects were tried on the cluster.")
    ends = time.monotonic() + TRIAL_SECONDS
    has_namespace = _has_namespace(release)

    def attempt(wanted: ManifestObject) -> Trial:
        if time.monotonic() > ends:
            return Trial(subject=wanted, untried="there was no time left")
        return _tried(release, wanted, kept=kept, has_namespace=has_namespace)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="preview") as threads:
        return list(threads.map(attempt, objects[:MOST_TRIED]))


def _has_namespace(release: Release) -> bool:
    try:
        return release.client.find(NAMESPACE, name=release.namespace) is not None
    except Denied:
        return True


def _tried(release: Release, wanted: ManifestObject, *, kept: Collection[str], has_namespace: bool) -> Trial:
    try:
        place = release.place_of(wanted)
        if place is None:
            return Trial(
                subject=wanted, untried=f"the cluster does not know {wanted.api_version} {wanted.kind}"
            )
        if place[1] == release.namespace and not has_namespace:
            return Trial(subject=wanted, untried="its namespace does not exist yet")
        return _applied(lambda force: release.apply(wanted, force=force, dry_run=True), wanted, kept)
    except KubeRejected as refusal:
        said = "its content is not allowed" if wanted.kind == "Secret" else refusal.message
        return Trial(subject=wanted, refusal=f"{wanted} is refused: {said}")
    except KubeNotFound:
        return Trial(subject=wanted, untried="its namespace does not exist")
    except Denied as denied:
        return Trial(subject=wanted, refusal=f"{wanted} is refused: {denied.message}")
    except PlatzError as error:
        return Trial(subject=wanted, untried=error.message)


def _applied(apply: Callable[[bool], None], wanted: ManifestObject, kept: Collection[str]) -> Trial:
    try:
        apply(False)
    except KubeConflict as conflict:
        if not conflict.fields:
            raise
        apply(True)  # what is refused beside the fields of others
        is_kept = f"{wanted.kind}/{wanted.name}" in kept
        fields = [each for each in conflict.fields if each.owner not in _OWN]
        foreign = [each for each in fields if not (is_kept and each.field == ".spec.replicas")]
        return Trial(subject=wanted, conflicts=tuple(foreign))
    return Trial(subject=wanted)
