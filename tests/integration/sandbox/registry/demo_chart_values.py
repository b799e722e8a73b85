"""Composes values for a demo chart as Platz does, over a few rows that stand for the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from platz.charts.chart import read_chart
from platz.charts.rendering.chosen_items import DeploymentItem, ResourceItem, SecretItem
from platz.charts.rendering.helm_values import (
    ChartValues,
    ClusterValues,
    DeploymentValues,
    EnvValues,
    HelmValues,
    HelmValuesInputs,
    compose,
)
from platz_sandbox.demo_charts.demo_releases import DEMO_CHARTS, DemoChart
from platz_sandbox.demo_charts.packaging import package

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
ENV, CLUSTER, SHOP, SECRET, CAMPAIGN_TYPE, CAMPAIGN, TASK, DEPLOYMENT = (UUID(int=n) for n in range(1, 9))
NODE_SELECTOR = {"pool": "shops"}
TOLERATIONS = [{"key": "shops", "operator": "Exists", "effect": "NoSchedule"}]


class Rows:
    """One web shop, one secret and one campaign."""

    def deployment(self, deployment_id: UUID) -> DeploymentItem | None:
        return DeploymentItem(
            id=deployment_id, created_at=NOW, name="blue", kind="WebShop", cluster_id=CLUSTER, enabled=True
        )

    def secret(self, secret_id: UUID) -> SecretItem | None:
        return SecretItem(
            id=secret_id,
            created_at=NOW,
            updated_at=NOW,
            env_id=ENV,
            collection="payments",
            name="gateway",
            contents="top-secret-key",
        )

    def resource_type(self, *, env_id: UUID, kind: str | None, key: str) -> UUID | None:
        return CAMPAIGN_TYPE if (kind, key) == ("Storefront", "campaign") else None

    def resource(self, *, type_id: UUID, resource_id: UUID) -> ResourceItem | None:
        return ResourceItem(id=resource_id, name="summer", props={"headline": "Summer sale", "discount": 20})


@dataclass(kw_only=True)
class Situation:
    """Where a chart is deployed."""

    kind: str
    name: str = "one"
    inputs: dict[str, Any] = field(default_factory=dict)
    node_selector: Any = field(default_factory=lambda: NODE_SELECTOR)
    tolerations: Any = field(default_factory=lambda: TOLERATIONS)
    tls: str | None = "wildcard-tls"


def demo_chart(repository: str, version: str) -> DemoChart:
    (chart,) = [one for one in DEMO_CHARTS if (one.repository, one.version) == (repository, version)]
    return chart


def composed(chart: DemoChart, situation: Situation) -> HelmValues:
    stored = read_chart(package(chart))
    assert stored.error is None
    return compose(
        HelmValuesInputs(
            deployment=DeploymentValues(
                id=DEPLOYMENT, name=situation.name, kind=situation.kind, config=situation.inputs
            ),
            cluster=ClusterValues(
                id=CLUSTER,
                env_id=ENV,
                provider_id="local",
                created_at=NOW,
                last_seen_at=NOW,
                name="east",
                region_name="local",
                is_ok=True,
                not_ok_reason=None,
                ignore=False,
                ingress_domain="east.platz.localhost",
                ingress_class="nginx",
                ingress_tls_secret_name=situation.tls,
                grafana_url=None,
                grafana_datasource_name=None,
            ),
            env=EnvValues(
                id=ENV,
                name="Default",
                node_selector=situation.node_selector,
                tolerations=situation.tolerations,
            ),
            chart=ChartValues(features=stored.features, values_ui=stored.values_ui),
            revision_id=TASK,
            config_inputs=situation.inputs,
            own_url="http://127.0.0.1:3000/",
            collections=Rows(),
        )
    )
