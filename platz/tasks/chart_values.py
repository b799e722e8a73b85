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
from platz.charts.values.own_values import OwnValues
from platz.db.encryption import Cipher
from platz.db.field_encryption import decrypt_fields
from platz.errors import Rejected
from platz.json import JsonObject
from platz.tasks.task_target import Revision, TaskTarget


def values_inputs(
    target: TaskTarget,
    revision: Revision,
    *,
    own_url: str,
    collections: Collections,
    cipher: Cipher,
    own: OwnValues,
) -> HelmValuesInputs:
    """Gather everything that the Helm values depend on, with encrypted fields decrypted.

    Raises `Conflict` when the cluster has no environment, and `Rejected` for an override that is not an object.
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
        override=values_override(target),
        own=own,
    )


def values_override(target: TaskTarget) -> JsonObject:
    """Return what is laid over the composed values; raise `Rejected` if it is not an object."""
    override = target.deployment.values_override
    if override is not None and not isinstance(override, dict):
        raise Rejected("The deployment's values override must be an object.", field="values_override")
    return override or {}
