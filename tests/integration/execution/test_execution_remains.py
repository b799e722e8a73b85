"""An uninstall leaves nothing of the release, or says what it leaves; the next install succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import eventually

from platz.db.database import Database
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, left_namespaces
from platz.db.tables.left_namespaces import Place
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.manifests import ManifestObject, manifest_objects
from platz.helm.releases import revisions
from platz.kube.api_resources import NAMESPACE, ResourceKind
from platz.kube.kind_lookup import ServedKinds
from platz.kube.namespaces import DEPLOYMENT_ANNOTATION
from platz.kube.secret_objects import Secrets
from platz.tasks import removals
from platz.tasks.releasing.release import Release
from platz.tasks.releasing.remains import (
    CLUSTER_ROLE,
    definitions_of,
    kept_definitions,
    objects_outside,
    remove_remains,
)
from tests.integration.changes.world import World
from tests.integration.execution.conftest import Shop

DEFINITION = ResourceKind(
    kind="CustomResourceDefinition",
    api_version="apiextensions.k8s.io/v1",
    plural="customresourcedefinitions",
    namespaced=False,
)
CONTROLLER = "clusterrole-aggregation-controller"
ROLES = {
    "roles.yaml": """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ .Release.Name }}:all"}
aggregationRule:
  clusterRoleSelectors: [{matchLabels: {t4/part-of: "{{ .Release.Name }}"}}]
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "{{ .Release.Name }}:kept"
  annotations: {helm.sh/resource-policy: keep}
rules: []
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
"""
}


def crd(plural: str) -> str:
    return f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.t4.example}}
spec:
  group: t4.example
  scope: Namespaced
  names: {{plural: {plural}, singular: {plural}x, kind: {plural.capitalize()}}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object}}}}
"""


@pytest.fixture
def shop(sdk_shop: Shop) -> Iterator[Shop]:
    yield sdk_shop
    for name in ("all", "kept"):
        if sdk_shop.client.find(CLUSTER_ROLE, name=f"{sdk_shop.namespace}:{name}"):
            sdk_shop.client.delete(CLUSTER_ROLE, name=f"{sdk_shop.namespace}:{name}")


def release_of(shop: Shop) -> Release:
    kinds = ServedKinds(shop.client)
    return Release(client=shop.client, kinds=kinds, name=shop.namespace, namespace=shop.namespace)


def outside(shop: Shop) -> list[ManifestObject]:
    found = revisions(Secrets(shop.client), namespace=shop.namespace, release=shop.namespace)
    return objects_outside(release_of(shop), found)


def uninstall(shop: Shop) -> None:
    run = HelmRun(action=HelmAction.UNINSTALL, release=shop.namespace, namespace=shop.namespace)
    assert shop.helm(run).ok


def made_again(shop: Shop) -> None:
    """Apply the rules as the controller does, whose apply creates what was deleted a moment before."""
    name = f"{shop.namespace}:all"
    rules: Any = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    body: Any = {
        "apiVersion": CLUSTER_ROLE.api_version,
        "kind": CLUSTER_ROLE.kind,
        "metadata": {"name": name},
        "rules": rules,
    }
    shop.client.apply(CLUSTER_ROLE, body, name=name, namespace=None, field_manager=CONTROLLER, force=True)


def test_only_what_does_not_go_with_the_namespace_is_looked_for(shop: Shop) -> None:
    shop.install(ROLES)
    assert {each.kind for each in outside(shop)} == {"ClusterRole"}


def test_a_role_that_was_made_again_is_removed_and_a_kept_one_is_told(shop: Shop) -> None:
    shop.install(ROLES)
    wanted = outside(shop)
    uninstall(shop)
    made_again(shop)
    assert remove_remains(release_of(shop), wanted) == [
        f"ClusterRole {shop.namespace}:kept stays in the cluster: the chart keeps it (helm.sh/resource-policy: keep)."
    ]
    assert shop.client.find(CLUSTER_ROLE, name=f"{shop.namespace}:all") is None


def test_an_install_removes_a_role_that_was_made_again_after_the_uninstall(shop: Shop) -> None:
    made_again(shop)
    shop.install(ROLES)
    assert shop.live(CLUSTER_ROLE, f"{shop.namespace}:all")["aggregationRule"]


def test_a_role_of_somebody_else_is_left_alone_and_told(shop: Shop) -> None:
    shop.install(ROLES)
    wanted = outside(shop)
    uninstall(shop)
    made: Any = {
        "apiVersion": CLUSTER_ROLE.api_version,
        "kind": CLUSTER_ROLE.kind,
        "metadata": {"name": f"{shop.namespace}:all"},
        "rules": [],
    }
    shop.client.create(CLUSTER_ROLE, made)
    told = remove_remains(release_of(shop), wanted)
    assert (
        f"ClusterRole {shop.namespace}:all stays in the cluster: it does not carry this release's mark"
        in told[0]
    )
    assert shop.client.find(CLUSTER_ROLE, name=f"{shop.namespace}:all") is not None
    assert not shop.run(HelmAction.INSTALL, ROLES).ok


def test_what_helm_could_not_uninstall_is_removed(shop: Shop) -> None:
    shop.install(ROLES)
    wanted = [each for each in outside(shop) if each.name.endswith(":all")]
    assert remove_remains(release_of(shop), wanted) == []
    assert shop.client.find(CLUSTER_ROLE, name=wanted[0].name) is None


def test_definitions_in_the_folder_crds_are_told(shop: Shop) -> None:
    plural = f"a{shop.namespace[5:]}"
    shop.install({**ROLES, "crds/things.yaml": crd(plural)})
    found = revisions(Secrets(shop.client), namespace=shop.namespace, release=shop.namespace)
    definitions = definitions_of(found)
    uninstall(shop)
    (told,) = kept_definitions(release_of(shop), definitions)
    assert told.startswith(f"CustomResourceDefinition {plural}.t4.example stays in the cluster")
    shop.client.delete(DEFINITION, name=f"{plural}.t4.example")
    eventually(lambda: kept_definitions(release_of(shop), definitions) == [])


def test_the_task_and_the_deployment_say_what_stays(shop: Shop, database: Database) -> None:
    world = World.build(database)
    deployment = world.create("blue")
    [install] = world.tasks(deployment)
    ours: Any = {
        "metadata": {"labels": {"platz": "yes"}, "annotations": {DEPLOYMENT_ANNOTATION: str(deployment)}}
    }
    shop.client.merge(NAMESPACE, ours, name=shop.namespace)
    place = Place(cluster_id=install.cluster_id, namespace=shop.namespace)
    with database.transaction() as connection:
        left_namespaces.record(connection, deployment, place, released=True)
        deployments.set_status(connection, deployment, DeploymentStatus.UNINSTALLING)
    shop.install(ROLES)
    context: Any = SimpleNamespace(
        database=database,
        kube=lambda _cluster_id: shop.client,
        changing=lambda _task: database.transaction(),
        run_helm=lambda run, **_more: shop.helm(run),
    )
    told = removals.uninstall(context, install)
    assert told.startswith(f"ClusterRole {shop.namespace}:kept stays in the cluster")
    row = world.row(deployment)
    assert row is not None
    assert row.reason == told
    eventually(lambda: shop.client.find(NAMESPACE, name=shop.namespace) is None)
    again: Any = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": shop.namespace}}
    shop.client.create(NAMESPACE, again)  # the fixture deletes it


def test_an_object_of_a_kind_that_the_cluster_no_longer_serves_is_no_remains(shop: Shop) -> None:
    (gone,) = manifest_objects("{apiVersion: t4.example/v1, kind: Gone, metadata: {name: a}}")
    assert remove_remains(release_of(shop), [gone]) == []
