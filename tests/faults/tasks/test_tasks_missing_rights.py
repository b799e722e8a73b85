"""Given a cluster that lacks exactly one right, when a task needs it, then its text names the right, and the user.

Source: docs/operating.md, "Rights in a cluster".
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from workshop import Workshop

from platz.db.enums import TaskStatus
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control


def release_name() -> str:
    return f"rights-{uuid4().hex[:8]}"


@pytest.mark.parametrize(
    ("verb", "path", "right"),
    [
        ("create", "/namespaces$", "create namespaces in the whole cluster"),
        ("list", "/secrets$", "list secrets in namespace"),
        ("create", "/secrets", "create secrets in namespace"),
        ("patch", "/secrets/", "patch secrets in namespace"),
        ("update", "/secrets/", "update secrets in namespace"),
        ("patch", "/configmaps/", "patch configmaps in namespace"),
    ],
)
def test_an_install_names_the_right_that_is_missing(
    verb: str, path: str, right: str, workshop: Workshop, simulated: SimulatedClusters
) -> None:
    deployment = workshop.world.create(release_name())
    with Control.of(simulated.facts).fault(Action.STATUS, cluster="east", verb=verb, path=path, code=403):
        workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.FAILED
    assert words.startswith(f"Cluster east does not let Platz (its user sandbox) {right}"), words
    assert "docs/operating.md" in words


@pytest.mark.parametrize(
    ("verb", "path", "right"),
    [
        ("delete", "/configmaps/", "delete configmaps in namespace"),
        ("delete", "/secrets/", "delete secrets in namespace"),
    ],
)
def test_an_uninstall_names_the_right_that_is_missing(
    verb: str, path: str, right: str, workshop: Workshop, simulated: SimulatedClusters
) -> None:
    deployment = workshop.world.create(release_name())
    workshop.run()
    workshop.world.update(deployment, enabled=False)
    with Control.of(simulated.facts).fault(Action.STATUS, cluster="east", verb=verb, path=path, code=403):
        workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.DONE
    assert f"does not let Platz (its user sandbox) {right}" in words


def test_the_right_to_delete_the_namespace_is_named(workshop: Workshop, simulated: SimulatedClusters) -> None:
    deployment = workshop.world.create(release_name())
    workshop.run()
    workshop.world.update(deployment, enabled=False)
    fault = {"verb": "delete", "path": "/namespaces/[^/]+$", "code": 403}
    with Control.of(simulated.facts).fault(Action.STATUS, cluster="east", **fault):
        workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.FAILED
    assert "delete namespaces in" in words
