"""What earlier runs left in the cluster keeps no later run from succeeding."""

from __future__ import annotations

from typing import Any

import pytest

from platz.helm.engine import HelmAction
from platz.helm.releases import ReleaseStatus, last_revision, revisions
from platz.helm.stored_release import name_of, read_release, with_release
from platz.json import JsonObject
from platz.kube.api_resources import JOB, ResourceKind
from platz.kube.secret_objects import Secrets
from tests.integration.execution.conftest import Shop

CONFIG_MAP = ResourceKind(kind="ConfigMap", api_version="v1", plural="configmaps")
HOOKS = {
    "hooks.yaml": """
apiVersion: v1
kind: ServiceAccount
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: hook-succeeded
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: {{ .Values.policy }}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sandbox.platz.io/exit-code: {{ .Values.code | default "0" | quote }}}}
    spec:
      restartPolicy: Never
      containers: [{name: c, image: {{ .Values.image | default "ok:1" | quote }}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data: {count: "1"}
"""
}


@pytest.mark.parametrize("policy", ["hook-succeeded", "hook-failed,hook-succeeded", "hook-failed"])
def test_a_hook_that_failed_does_not_block_the_mended_upgrade(shop: Shop, policy: str) -> None:
    assert not shop.run(HelmAction.INSTALL, HOOKS, code="1", policy=policy).ok
    shop.upgrade(HOOKS, image="ok:2", policy=policy)
    assert not shop.run(HelmAction.UPGRADE, HOOKS, code="1", policy=policy).ok
    shop.upgrade(HOOKS, image="ok:3", policy=policy)


def test_the_removal_of_a_leftover_hook_is_told(sdk_shop: Shop) -> None:
    sdk_shop.run(HelmAction.INSTALL, HOOKS, code="1", policy="hook-succeeded")
    outcome = sdk_shop.upgrade(HOOKS, image="ok:2", policy="hook-succeeded")
    assert "Job migrate, which a hook of an earlier run had left, was removed first." in outcome.output


@pytest.mark.parametrize(
    "marks",
    [
        {},
        {"helm.sh/hook": "pre-upgrade", "meta.helm.sh/release-name": "another"},
        {"helm.sh/hook": "pre-upgrade", "helm.sh/resource-policy": "keep"},
    ],
)
def test_an_object_without_the_mark_of_this_release_is_left_alone(sdk_shop: Shop, marks: Any) -> None:
    sdk_shop.run(HelmAction.INSTALL, HOOKS, code="1", policy="hook-succeeded")
    sdk_shop.client.delete(JOB, name="migrate", namespace=sdk_shop.namespace, dependents=True)
    template: Any = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "ok:1"}]}}
    foreign: Any = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate", "annotations": marks},
        "spec": {"template": template},
    }
    uid = sdk_shop.client.create(JOB, foreign, namespace=sdk_shop.namespace)["metadata"]["uid"]  # type: ignore[index,call-overload]
    sdk_shop.run(HelmAction.UPGRADE, HOOKS, image="ok:2", policy="hook-succeeded")
    assert sdk_shop.live(JOB, "migrate")["metadata"]["uid"] == uid


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_run_that_somebody_elses_helm_never_ended_blocks_nothing(shop: Shop, status: str) -> None:
    plain = {
        "app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {count: {{ .Values.n | quote }}}\n"
    }
    shop.install(plain, n="1")
    store = Secrets(shop.client)
    last = last_revision(store, namespace=shop.namespace, release=shop.namespace)
    assert last is not None
    document = read_release(last.secret)
    info: JsonObject = {**document["info"], "status": status}  # type: ignore[dict-item]
    store.replace(
        with_release(last.secret, {**document, "info": info}, status=status),
        namespace=shop.namespace,
        name=name_of(last.secret),
    )
    outcome = shop.upgrade(plain, n="2")
    assert shop.live(CONFIG_MAP, "app")["data"] == {"count": "2"}
    assert f"Revision 1 was {status} since an interrupted run, and was cleared away first." in outcome.output
    found = revisions(store, namespace=shop.namespace, release=shop.namespace)
    assert found[-1].status is ReleaseStatus.DEPLOYED
