"""The values that Helm gets, and the secrets that go with them.

Invariant: values are a pure function of plain inputs. Outputs of the UI schema replace whole top-level keys; nothing
is merged. What Platz adds on its own is left out where the chart can't take it. Texts that must not appear in a log or
a task's text are collected along with the values.

Source: docs/contract/chart-extensions.md, "Composing the Helm values"; docs/contract/workers.md, "Values and
secrets".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from platz.charts.documents.derived_names import ingress_hostname
from platz.charts.documents.features import Features, InjectedKey, effective_features
from platz.charts.documents.ui_schema import UiSchema, parse_ui_schema
from platz.charts.reading.json_text import copied
from platz.charts.rendering.chosen_items import Collections
from platz.charts.rendering.confidential import confidential_texts
from platz.charts.rendering.outputs import Rendering
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed
from platz.charts.rendering.timestamps import rfc3339_text
from platz.charts.values.fitting import Fitted, Part, first_blocked, fitted
from platz.charts.values.own_values import OwnValues
from platz.json import JsonObject, JsonValue
from platz.web_addresses import normalised_url


@dataclass(frozen=True, kw_only=True)
class EnvValues:
    """The environment of the deployment's cluster."""

    id: UUID
    name: str
    node_selector: JsonValue
    tolerations: JsonValue


@dataclass(frozen=True, kw_only=True)
class ClusterValues:
    """The whole ``k8s_clusters`` row."""

    id: UUID
    env_id: UUID | None
    provider_id: str
    created_at: datetime
    last_seen_at: datetime
    name: str
    region_name: str
    is_ok: bool
    not_ok_reason: str | None
    ignore: bool | None
    ingress_domain: str | None
    ingress_class: str | None
    ingress_tls_secret_name: str | None
    grafana_url: str | None
    grafana_datasource_name: str | None


@dataclass(frozen=True, kw_only=True)
class DeploymentValues:
    """The deployment row when the task runs; ``kind`` is the kind's name in its original case."""

    id: UUID
    name: str
    kind: str
    config: JsonValue = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ChartValues:
    """The stored documents of the task's chart."""

    features: JsonValue
    values_ui: JsonValue


@dataclass(frozen=True, kw_only=True)
class HelmValuesInputs:
    """All inputs on which the values depend.

    ``revision_id`` is the task whose chart and ``config_inputs`` are used; for a Reinstall, the revision task.
    ``override`` is what will be laid over the values; ``own`` is what the chart says about its values.
    """

    deployment: DeploymentValues
    cluster: ClusterValues
    env: EnvValues
    chart: ChartValues
    revision_id: UUID
    config_inputs: JsonValue = field(repr=False)
    own_url: str
    collections: Collections
    override: JsonObject = field(default_factory=dict[str, JsonValue], repr=False)
    own: OwnValues = field(default_factory=OwnValues, repr=False)


@dataclass(frozen=True, kw_only=True)
class HelmValues:
    """The values and secrets of an installation, which never appear in a ``repr``."""

    values: JsonObject = field(repr=False)
    secrets: dict[str, dict[str, str]] = field(repr=False)
    """The texts of the secrets, by name of the Kubernetes secret and key."""
    confidential: frozenset[str] = field(repr=False)
    """Texts that must be removed from everything that is logged, stored as a reason or sent as an event."""
    warnings: tuple[str, ...] = ()


def compose(inputs: HelmValuesInputs) -> HelmValues:
    """Compose values and secrets; raise `RenderingFailed`, or `InvalidDocument` for an invalid stored document."""
    schema = None if inputs.chart.values_ui is None else parse_ui_schema(inputs.chart.values_ui)
    added, warnings = _added_parts(inputs)
    if schema is None:
        fitting = _fitted(added, inputs, entered={})
        return HelmValues(
            values=fitting.values,
            secrets={},
            confidential=frozenset(),
            warnings=(*warnings, *fitting.left_out),
        )
    rendering = _rendering(schema, inputs)
    entered = rendering.values()
    fitting = _fitted(added, inputs, entered=entered)
    secrets = rendering.secrets()
    return HelmValues(
        values={**fitting.values, **entered},
        secrets=secrets,
        confidential=confidential_texts(schema, inputs.config_inputs, rendering.confidential),
        warnings=(*warnings, *fitting.left_out),
    )


def compose_values(inputs: HelmValuesInputs) -> JsonObject:
    """Compose only the values; raise the same errors as `compose`."""
    added, _ = _added_parts(inputs)
    entered: JsonObject = {}
    if inputs.chart.values_ui is not None:
        entered = _rendering(parse_ui_schema(inputs.chart.values_ui), inputs).values()
    return {**_fitted(added, inputs, entered=entered).values, **entered}


def tolerations_list(stored: JsonValue) -> JsonValue:
    """Return tolerations as the list that Kubernetes expects.

    The column's default is an empty object, and editing a list can leave an object with the keys 0, 1, ...

    Source: docs/contract/data-model.md, "Table envs".
    """
    if isinstance(stored, dict) and all(key.isascii() and key.isdecimal() for key in stored):
        return [copied(stored[key]) for key in sorted(stored, key=int)]
    return copied(stored)


def _rendering(schema: UiSchema, inputs: HelmValuesInputs) -> Rendering:
    return Rendering(
        schema, env_id=inputs.env.id, config=inputs.config_inputs, collections=inputs.collections
    )


def _fitted(added: list[Part], inputs: HelmValuesInputs, *, entered: JsonObject) -> Fitted:
    remaining = [part for part in added if part.top not in entered]
    return fitted(remaining, inputs.own, entered=entered, override=inputs.override)


def _added_parts(inputs: HelmValuesInputs) -> tuple[list[Part], tuple[str, ...]]:
    """Return what Platz adds on its own, in parts that can be left out, and warnings."""
    features = effective_features(inputs.chart.features)
    ingress, warnings = _ingress(features, inputs)
    parts = [part for part in _standard_parts(inputs, ingress) if _may_be_added(part, features)]
    parts += _parts_at_paths(inputs, features)
    blocked = first_blocked(parts)
    if blocked is not None:
        raise RenderingFailed(RenderingErrorCode.VALUES_PATH_BLOCKED, list(blocked.path))
    config = Part(path=(InjectedKey.CONFIG,), value=inputs.deployment.config)
    if inputs.chart.values_ui is None and _may_be_added(config, features):
        parts.append(config)
    return parts, warnings


def _standard_parts(inputs: HelmValuesInputs, ingress: JsonObject) -> list[Part]:
    platz = _platz(inputs)
    return [
        *_members_of((InjectedKey.PLATZ,), platz),
        *_members_of((InjectedKey.SHIRA,), platz),  # the name that older charts use
        Part(path=(InjectedKey.NODE_SELECTOR,), value=inputs.env.node_selector),
        Part(path=(InjectedKey.TOLERATIONS,), value=tolerations_list(inputs.env.tolerations)),
        *_members_of((InjectedKey.INGRESS,), ingress),
    ]


def _parts_at_paths(inputs: HelmValuesInputs, features: Features) -> list[Part]:
    places = (
        (features.node_selector_paths, inputs.env.node_selector),
        (features.tolerations_paths, tolerations_list(inputs.env.tolerations)),
    )
    return [Part(path=path, value=value) for paths, value in places for path in dict.fromkeys(paths) if path]


def _may_be_added(part: Part, features: Features) -> bool:
    return features.injected_values is None or part.top in features.injected_values


def _members_of(path: tuple[str, ...], value: JsonValue) -> Iterator[Part]:
    """Split an object of Platz's own into parts, because a chart may take some of its keys only."""
    if not isinstance(value, dict):
        yield Part(path=path, value=value)
        return
    for key, member in value.items():
        yield from _members_of((*path, key), member)


def _platz(inputs: HelmValuesInputs) -> JsonObject:
    deployment, cluster = inputs.deployment, inputs.cluster
    return {
        "env_id": str(inputs.env.id),
        "env_name": inputs.env.name,
        "cluster_id": str(cluster.id),
        "cluster_name": cluster.name,
        "cluster": _cluster_row(cluster),
        "deployment_id": str(deployment.id),
        "deployment_name": deployment.name,
        "deployment_kind": deployment.kind,
        "revision_id": str(inputs.revision_id),
        "own_url": normalised_url(inputs.own_url),
    }


def _cluster_row(cluster: ClusterValues) -> JsonObject:
    return {
        "id": str(cluster.id),
        "env_id": None if cluster.env_id is None else str(cluster.env_id),
        "provider_id": cluster.provider_id,
        "created_at": rfc3339_text(cluster.created_at),
        "last_seen_at": rfc3339_text(cluster.last_seen_at),
        "name": cluster.name,
        "region_name": cluster.region_name,
        "is_ok": cluster.is_ok,
        "not_ok_reason": cluster.not_ok_reason,
        "ignore": cluster.ignore,
        "ingress_domain": cluster.ingress_domain,
        "ingress_class": cluster.ingress_class,
        "ingress_tls_secret_name": cluster.ingress_tls_secret_name,
        "grafana_url": cluster.grafana_url,
        "grafana_datasource_name": cluster.grafana_datasource_name,
    }


def _ingress(features: Features, inputs: HelmValuesInputs) -> tuple[JsonObject, tuple[str, ...]]:
    secret_name = inputs.cluster.ingress_tls_secret_name
    disabled: JsonObject = {"enabled": False, "className": None, "hosts": [], "tls": []}
    if not features.ingress_enabled:
        return disabled, ()
    if not secret_name:
        warning = (
            f"The chart enables ingress, but the cluster {inputs.cluster.name} has no TLS secret name, so the"
            " deployment gets no ingress."
        )
        return disabled, (warning,)
    if not inputs.cluster.ingress_domain:
        raise RenderingFailed(RenderingErrorCode.CLUSTER_HAS_NO_INGRESS_DOMAIN)
    host = ingress_hostname(
        inputs.deployment.kind,
        inputs.deployment.name,
        hostname_format=features.hostname_format,
        domain=inputs.cluster.ingress_domain,
    )
    return {
        "enabled": True,
        "className": inputs.cluster.ingress_class,
        "hosts": [{"host": host, "paths": [{"path": "/", "pathType": "Prefix"}]}],
        "tls": [{"secretName": secret_name, "hosts": [host]}],
    }, ()
