"""The conversion of database rows into the inputs from which Helm values are composed.

Source: docs/contract/workers.md, "Base document".
"""

from __future__ import annotations

from platz.charts.rendering.chosen_items import Collections
from platz.charts.rendering.helm_values import (
    ChartValues,
    ClusterValues,
    DeploymentValues,
    EnvValues,
    HelmValuesInputs,
)
from platz.db.encryption import Cipher
from platz.db.field_encryption import decrypt_fields
from platz.tasks.task_target import Revision, TaskTarget


def values_inputs(
    target: TaskTarget,
    revision: Revision,
    *,
    own_url: str,
    collections: Collections,
    cipher: Cipher,
) -> HelmValuesInputs:
    """Gather everything that the Helm values depend on, with encrypted fields decrypted.

    Raises `Conflict` when the cluster has no environment.
    """
    env, deployment = target.env, target.deployment
    return HelmValuesInputs(
        deployment=DeploymentValues(
            id=deployment.id,
            name=deployment.name,
            kind=target.kind_name,
            config=decrypt_fields(deployment.config, cipher),
        ),
        cluster=ClusterValues(**vars(target.cluster)),
        env=EnvValues(id=env.id, name=env.name, node_selector=env.node_selector, tolerations=env.tolerations),
        chart=ChartValues(features=revision.chart.features, values_ui=revision.chart.values_ui),
        revision_id=revision.task_id,
        config_inputs=decrypt_fields(revision.inputs, cipher),
        own_url=own_url,
        collections=collections,
    )
