"""Turns rows into what the chart functions take (workers.md section 4.1)."""

from __future__ import annotations

from platz.charts.collections import Collections
from platz.charts.helm_values import ChartValues, ClusterValues, DeploymentValues, EnvValues, HelmValuesInputs
from platz.deployments.operations.subject import Revision, Subject


def values_inputs(
    subject: Subject, revision: Revision, *, own_url: str, collections: Collections
) -> HelmValuesInputs:
    """Gather everything that the values depend on; raises `Conflict` when the cluster has no environment."""
    env, deployment = subject.env, subject.deployment
    return HelmValuesInputs(
        deployment=DeploymentValues(
            id=deployment.id, name=deployment.name, kind=subject.kind_name, config=deployment.config
        ),
        cluster=ClusterValues(**vars(subject.cluster)),
        env=EnvValues(id=env.id, name=env.name, node_selector=env.node_selector, tolerations=env.tolerations),
        chart=ChartValues(features=revision.chart.features, values_ui=revision.chart.values_ui),
        revision_id=revision.task_id,
        config_inputs=revision.inputs,
        own_url=own_url,
        collections=collections,
    )
