"""The published SDK clients work unmodified: docs/contract/http-api.md, "The SDKs", line by line."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.platz_client import Client
from acceptance.platz_process import PlatzProcess
from acceptance.sdk_client import UNSET_CLUSTER, UNSET_DEPLOYMENT, SdkClient, SdkError, query_moment
from acceptance.sdk_models import (
    Anything,
    Deployment,
    DeploymentResource,
    DeploymentTask,
    Env,
    HelmChart,
    HelmRegistry,
    K8sCluster,
    K8sResource,
    Secret,
)
from waiting import eventually

TASK_SECONDS = 60.0


def unique(word: str) -> str:
    return f"{word}-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def sdk(platz: PlatzProcess, admin: Client) -> Iterator[SdkClient]:
    """The SDK with an API token of the site admin."""
    token = admin.post("/user-tokens", {"user_id": None})["created_token"]
    with SdkClient.with_api_token(platz.url, token) as client:
        yield client


@pytest.fixture(scope="module")
def storefront(sdk: SdkClient, admin: Client) -> Deployment:
    """A running deployment whose chart brings a resource type."""
    env = admin.cluster("east")["env_id"]
    secret = sdk.post(
        Secret,
        "secrets",
        {"env_id": env, "collection": "shop-api", "name": unique("token"), "contents": "abc"},
    )
    shop = admin.deploy("web-shop", "1.0.0", name=unique("sdk"), config={"shop_name": "SDK", "replicas": 1})
    made = admin.deploy(
        "storefront",
        "1.0.0",
        name=unique("sdk"),
        config={"title": "SDK", "shop": shop["id"], "api_token": str(secret.id)},
    )
    admin.running(shop["id"], seconds=TASK_SECONDS)
    admin.running(made["id"], seconds=TASK_SECONDS)
    return sdk.get(Deployment, f"deployments/{made['id']}")


class TestSignIn:
    def test_with_a_user_token(self, sdk: SdkClient) -> None:
        assert "User" in sdk.get(Anything, "auth/me").root

    def test_with_an_access_token(self, platz: PlatzProcess, admin: Client) -> None:
        with SdkClient.with_access_token(platz.url, admin.token) as client:
            assert "User" in client.get(Anything, "auth/me").root

    def test_with_a_bot_token(self, platz: PlatzProcess, sdk: SdkClient) -> None:
        bot = sdk.post(Anything, "bots", {"display_name": unique("bot")}).root
        token = sdk.post(Anything, "bot-tokens", {"bot_id": bot["id"]}).root["created_token"]
        with SdkClient.with_api_token(platz.url, token) as client:
            assert client.get(Anything, "auth/me").root == {"Bot": bot}
            assert list(client.all(Env, "envs")) == list(sdk.all(Env, "envs"))

    def test_with_the_mounted_credentials_of_a_deployment(
        self, platz: PlatzProcess, storefront: Deployment, east: ClusterView
    ) -> None:
        mounted = east.secret(f"storefront-{storefront.name}", "platz-creds")
        with SdkClient.with_access_token(platz.url, mounted["access_token"]) as client:
            me = client.get(Anything, "auth/me").root
            assert me == {"Deployment": {"id": str(storefront.id), "name": storefront.name}}
            assert client.get(Deployment, f"deployments/{storefront.id}").name == storefront.name
        assert mounted["server_url"].rstrip("/") == platz.url
        assert datetime.fromisoformat(mounted["expires_at"]) > datetime.now(UTC)

    def test_a_revoked_token_stops_at_once(self, platz: PlatzProcess, sdk: SdkClient) -> None:
        token = sdk.post(Anything, "user-tokens", {"user_id": None}).root["created_token"]
        with SdkClient.with_api_token(platz.url, token) as client:
            (row,) = [
                row for row in client.all(Anything, "user-tokens") if row.root["id"] == str(_token_id(token))
            ]
            sdk.delete(f"user-tokens/{row.root['id']}")
            with pytest.raises(SdkError, match=r"401 .*Illegal token"):
                client.get(Anything, "auth/me")


class TestReading:
    def test_pages_are_followed_by_the_envelope(self, sdk: SdkClient) -> None:
        names = {unique("page") for _ in range(70)}
        bots = [sdk.post(Anything, "bots", {"display_name": name}).root for name in sorted(names)]

        seen = [bot.root["display_name"] for bot in sdk.all(Anything, "bots")]

        assert len(seen) == len(set(seen))
        assert names <= set(seen)
        for bot in bots:
            sdk.delete(f"bots/{bot['id']}")

    def test_the_last_task_of_a_deployment(self, sdk: SdkClient, storefront: Deployment) -> None:
        sdk.put(
            Deployment,
            f"deployments/{storefront.id}",
            {**UNSET_DEPLOYMENT, "config": {**storefront.config, "title": "New"}},
        )
        last = sdk.last_task(storefront.id)

        assert last.operation.Upgrade is not None
        eventually(lambda: sdk.last_task(storefront.id).status == "Done", seconds=TASK_SECONDS)

    def test_every_collection_is_read_into_its_model(self, sdk: SdkClient, storefront: Deployment) -> None:
        assert list(sdk.all(Env, "envs"))
        assert storefront.id in {row.id for row in sdk.all(Deployment, "deployments")}
        assert list(sdk.all(DeploymentTask, "deployment-tasks", deployment_id=storefront.id))
        assert list(sdk.all(HelmRegistry, "helm-registries"))
        assert list(sdk.all(K8sCluster, "k8s-clusters"))
        assert list(sdk.all(Secret, "secrets", collection="shop-api"))

    def test_chart_documents_have_the_typed_shapes(self, sdk: SdkClient) -> None:
        charts = list(sdk.all(HelmChart, "helm-charts"))

        assert any(chart.values_ui for chart in charts)
        assert any(chart.actions_schema for chart in charts)
        assert any(chart.features for chart in charts)
        assert any(chart.resource_types for chart in charts)

    def test_booleans_and_moments_in_queries(self, sdk: SdkClient, storefront: Deployment) -> None:
        now = datetime.now(UTC)
        tasks = {"deployment_id": storefront.id, "active_only": False, "show_future": False}

        assert sdk.page("deployments", enabled=True, name=storefront.name).num_total == 1
        assert sdk.page("deployments", enabled=False, name=storefront.name).num_total == 0
        since = query_moment(now - timedelta(hours=1))
        assert sdk.page("deployment-tasks", created_from=since, **tasks).num_total >= 1
        until = query_moment(now + timedelta(hours=1))
        assert sdk.page("deployment-tasks", created_from=until, **tasks).num_total == 0

    def test_workloads_can_not_be_read_unless_there_are_none(
        self, sdk: SdkClient, storefront: Deployment
    ) -> None:
        assert list(sdk.all(K8sResource, "k8s-resources", deployment_id=uuid4(), kind_id=uuid4())) == []
        eventually(lambda: sdk.page("k8s-resources", deployment_id=storefront.id).num_total > 0)
        with pytest.raises(ValueError, match="kind_id"):
            list(sdk.all(K8sResource, "k8s-resources", deployment_id=storefront.id))

    def test_one_registry_at_the_singular_path(self, sdk: SdkClient) -> None:
        first = next(iter(sdk.all(HelmRegistry, "helm-registries")))

        assert sdk.get(HelmRegistry, f"helm-registry/{first.id}") == first
        changed = sdk.put(HelmRegistry, f"helm-registry/{first.id}", {"fa_icon": "cube"})
        assert changed.fa_icon == "cube"
        sdk.put(HelmRegistry, f"helm-registry/{first.id}", {"fa_icon": first.fa_icon})


class TestWriting:
    def test_updating_an_environment_reads_it(self, sdk: SdkClient) -> None:
        env = next(iter(sdk.all(Env, "envs")))

        assert sdk.get(Env, f"envs/{env.id}", body={"name": "Other", "auto_add_new_users": True}) == env

    def test_unset_fields_of_a_deployment_s_update_change_nothing(
        self, sdk: SdkClient, storefront: Deployment
    ) -> None:
        before = sdk.get(Deployment, f"deployments/{storefront.id}")
        last = sdk.last_task(storefront.id)

        changed = sdk.put(
            Deployment, f"deployments/{storefront.id}", {**UNSET_DEPLOYMENT, "description_md": "By SDK"}
        )

        moving = {"status", "reported_status", "revision_id", "reason"}
        assert changed.description_md == "By SDK"
        assert changed.model_dump(exclude={*moving, "description_md"}) == before.model_dump(
            exclude={*moving, "description_md"}
        )
        assert sdk.last_task(storefront.id).id == last.id

    def test_unset_fields_of_a_cluster_s_update_clear_it(self, platz: PlatzProcess, sdk: SdkClient) -> None:
        name = unique("idle")
        ((cluster,),) = platz.sql(
            "INSERT INTO k8s_clusters (provider_id, name, region_name, ignore, ingress_class, grafana_url,"
            " last_seen_at) VALUES (%s, %s, 'local', true, 'nginx', 'https://g', now()) RETURNING id",
            f"local:{name}",
            name,
        )

        changed = sdk.put(
            K8sCluster, f"k8s-clusters/{cluster}", {**UNSET_CLUSTER, "grafana_datasource_name": "prom"}
        )

        assert changed.grafana_datasource_name == "prom"
        assert (changed.ingress_class, changed.grafana_url, changed.env_id) == (None, None, None)
        assert changed.ignore is True
        sdk.delete(f"k8s-clusters/{cluster}")

    def test_a_scheduled_task_is_canceled_with_a_body(self, sdk: SdkClient, storefront: Deployment) -> None:
        task = sdk.post(
            DeploymentTask,
            "deployment-tasks",
            {
                "deployment_id": str(storefront.id),
                "operation": {"RestartK8sResource": _a_workload(sdk, storefront)},
                "execute_at": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
            },
        )

        canceled = sdk.cancel_task(task.id, "not needed")

        assert (canceled.id, canceled.status, canceled.reason) == (task.id, "Canceled", "not needed")
        assert canceled.canceled_by_user_id == task.acting_user_id
        assert canceled.finished_at is not None

    def test_resources_are_created_read_with_post_and_updated(
        self, sdk: SdkClient, storefront: Deployment
    ) -> None:
        (kind,) = [
            row.root
            for row in sdk.all(Anything, "deployment-resource-types")
            if row.root["key"] == "campaign"
        ]
        made = sdk.post(
            DeploymentResource,
            "deployment-resources",
            {
                "type_id": kind["id"],
                "deployment_id": str(storefront.id),
                "name": unique("campaign"),
                "props": {"headline": "Sale", "discount": 10},
            },
        )

        read = sdk.post(DeploymentResource, f"deployment-resources/{made.id}")
        changed = sdk.put(
            DeploymentResource, f"deployment-resources/{made.id}", {"name": None, "props": {"discount": 20}}
        )

        assert (read.id, read.name) == (made.id, made.name)
        assert (changed.name, changed.props["headline"], changed.props["discount"]) == (made.name, "Sale", 20)
        ready = f"deployment-resources/{made.id}"
        eventually(lambda: sdk.get(DeploymentResource, ready).sync_status == "Ready", seconds=TASK_SECONDS)
        sdk.delete(ready)

    def test_a_refusal_tells_status_and_text(self, sdk: SdkClient) -> None:
        with pytest.raises(SdkError, match=r'^404 \{"message":"Not found"\}$'):
            sdk.get(Deployment, f"deployments/{uuid4()}")


def _a_workload(sdk: SdkClient, deployment: Deployment) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        rows = sdk.page("k8s-resources", deployment_id=deployment.id, kind="deployment").items
        return rows[0] if rows else None

    row = eventually(look, seconds=TASK_SECONDS)
    assert row is not None
    return {"resource_id": row["id"], "resource_name": row["name"]}


def _token_id(token: str) -> UUID:

    return UUID(bytes=urlsafe_b64decode(token.partition(".")[0] + "=="))
