"""The adapter between a conformance case and Platz.

`evaluate` runs one case of any kind and answers under the names of the case's ``expected_*`` keys without that
prefix: ``values``, ``secrets``, ``error``.

Source: docs/contract/chart-extensions.md, "Conformance".
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from platz.charts.chart import read_chart
from platz.charts.documents.actions import Action, NoSuchAction, find_action, parse_actions
from platz.charts.documents.features import Features, effective_features, parse_features
from platz.charts.documents.resource_types import parse_resource_types, stored_resource_types
from platz.charts.documents.status_document import parse_status
from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.documents.versions import Version
from platz.charts.reading.problems import InvalidDocument
from platz.charts.reading.syntax import read_yaml_file
from platz.charts.rendering.action_bodies import action_body
from platz.charts.rendering.conditions import rule_holds
from platz.charts.rendering.dependencies import uses
from platz.charts.rendering.helm_values import (
    ChartValues,
    ClusterValues,
    DeploymentValues,
    EnvValues,
    HelmValuesInputs,
    compose_values,
)
from platz.charts.rendering.item_rows import parse_collection_rows
from platz.charts.rendering.outputs import render_secrets, render_values
from platz.charts.rendering.rendering_errors import RenderingFailed

Case = dict[str, Any]
Answer = dict[str, Any]

_SOME_ID = UUID("f0000000-0000-4000-8000-000000000001")
_SOME_TIME = datetime(2024, 1, 1, tzinfo=UTC)
_PARSERS: dict[str, Callable[[Any], Any]] = {
    "values_ui": lambda document: parse_ui_schema(document).stored(),
    "features": lambda document: parse_features(document).stored(),
    "actions": lambda document: parse_actions(document).stored(),
    "resources": lambda document: stored_resource_types(parse_resource_types(document)),
}


def evaluate(case: Case) -> Answer:
    """Run one case of any kind."""
    return _KINDS[case["kind"]](case)


def _answer(values: Any = None, *, secrets: Any = None, error: Any = None) -> Answer:
    return {"values": values, "secrets": secrets, "error": error}


def _attempt(stage: str, run: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """Run one stage; on failure the value is None and the error is under the stage's name."""
    try:
        return run(), {}
    except InvalidDocument:
        return None, {stage: {"code": "invalid_document", "args": []}}
    except (RenderingFailed, NoSuchAction) as error:
        return None, {stage: {"code": str(error.code), "args": list(error.parameters)}}


def _simple(stage: str, run: Callable[[], Any]) -> Answer:
    values, error = _attempt(stage, run)
    return _answer(values, error=error or None)


def _document(case: Case) -> Any:
    if "schema_yaml" not in case:
        return case["schema"]
    document = read_yaml_file(case["schema_yaml"].encode())
    of_resources = "resources" in {case["kind"], case.get("document")}
    return [] if document.is_empty and of_resources else document.value


def _values_ui(case: Case) -> Answer:
    schema, error = _attempt("parse", lambda: parse_ui_schema(_document(case)))
    if schema is None:
        return _answer(error=error)
    rendering = {
        "env_id": UUID(case["env_id"]),
        "config": case["inputs"],
        "collections": parse_collection_rows(case["collections"]),
    }
    values, values_error = _attempt("values", lambda: render_values(schema, **rendering))
    secrets, secrets_error = _attempt("secrets", lambda: render_secrets(schema, **rendering))
    return _answer(values, secrets=secrets, error={**values_error, **secrets_error} or None)


def _condition(case: Case) -> Answer:
    return _answer({"visible": rule_holds(case["schema"], case["inputs"])})


def _features(case: Case) -> Answer:
    def run() -> Any:
        document = _document(case)
        is_missing = document is None and "schema_yaml" not in case
        detected = Version.V1BETA2 if is_missing else parse_features(document).version
        return {"detected": detected.value, **_effective(effective_features(document))}

    return _simple("parse", run)


def _effective(features: Features) -> dict[str, Any]:
    """The features in v1beta2's shape, whatever the version they were written in."""
    ingress = {"enabled": features.ingress_enabled, "hostname_format": features.hostname_format.value}
    stored = {"display": {"name": None, "icon": None}, **features.stored(), "ingress": ingress}
    return {key: value for key, value in stored.items() if key != "standard_ingress"}


def _actions(case: Case) -> Answer:
    def run() -> Any:
        document = parse_actions(_document(case))
        return {
            "detected": document.version.value,
            "actions": [_action(action) for action in document.actions],
        }

    return _simple("parse", run)


def _action(action: Action) -> dict[str, Any]:
    stored: dict[str, Any] = action.stored()
    has_ui_schema = stored.pop("ui_schema") is not None
    return {**stored, "has_ui_schema": has_ui_schema}


def _action_body(case: Case) -> Answer:
    document, error = _attempt("parse", lambda: parse_actions(_document(case)))
    if document is None:
        return _answer(error=error)
    action, error = _attempt("find", lambda: find_action(document.stored(), case["action_id"]))
    if action is None:
        return _answer(error=error)
    env_id, collections = UUID(case["env_id"]), parse_collection_rows(case["collections"])
    return _simple(
        "body", lambda: action_body(action, case["inputs"], env_id=env_id, collections=collections)
    )


def _resources(case: Case) -> Answer:
    def run() -> Any:
        return [
            {
                "key": resource_type.key,
                "name_singular": resource_type.spec.name_singular,
                "name_plural": resource_type.spec.name_plural,
                "fontawesome_icon": resource_type.spec.fontawesome_icon,
                "global": resource_type.spec.is_global,
                "lifecycle": resource_type.spec.stored()["lifecycle"],
                "input_ids": [declared.id for declared in resource_type.spec.values_ui.inputs],
                "sensitive_ids": [
                    declared.id for declared in resource_type.spec.values_ui.inputs if declared.sensitive
                ],
            }
            for resource_type in parse_resource_types(_document(case))
        ]

    return _simple("parse", run)


def _stored(case: Case) -> Answer:
    return _simple("parse", lambda: _PARSERS[case["document"]](_document(case)))


def _chart(case: Case) -> Answer:
    chart = read_chart(chart_archive(case["schema"]["files"]))
    types: Any = chart.resource_types
    return _answer(
        {
            "metadata": chart.metadata and chart.metadata.stored(),
            "values_ui": chart.values_ui and parse_ui_schema(chart.values_ui).version.value,
            "actions": None
            if chart.actions_schema is None
            else parse_actions(chart.actions_schema).version.value,
            "features": chart.features and parse_features(chart.features).version.value,
            "resource_types": None if types is None else [entry["key"] for entry in types],
            "has_error": chart.error is not None,
        }
    )


def _dependency(case: Case) -> Answer:
    def run() -> Any:
        item = {"collection": case["ref"]["collection"], "item_id": UUID(case["ref"]["id"])}
        return {"uses": uses(parse_ui_schema(_document(case)), case["inputs"], **item)}

    return _simple("parse", run)


def _status(case: Case) -> Answer:
    return _simple("parse", lambda: parse_status(case["inputs"]))


def _helm_values(case: Case) -> Answer:
    def run() -> Any:
        values = compose_values(_helm_inputs(case))
        return {key: value for key, value in values.items() if key not in {"platz", "shira"}}

    return _simple("values", run)


def _helm_inputs(case: Case) -> HelmValuesInputs:
    context = case["collections"]["context"]
    env, cluster, deployment = context["env"], context["cluster"], context["deployment"]
    return HelmValuesInputs(
        deployment=DeploymentValues(
            id=_SOME_ID, name=deployment["name"], kind=deployment["kind"], config=deployment["config"]
        ),
        cluster=ClusterValues(
            id=_SOME_ID,
            env_id=UUID(case["env_id"]),
            provider_id="cluster",
            created_at=_SOME_TIME,
            last_seen_at=_SOME_TIME,
            name="cluster",
            region_name="region",
            is_ok=True,
            not_ok_reason=None,
            ignore=False,
            ingress_domain=cluster["ingress_domain"],
            ingress_class=cluster["ingress_class"],
            ingress_tls_secret_name=cluster["ingress_tls_secret_name"],
            grafana_url=None,
            grafana_datasource_name=None,
        ),
        env=EnvValues(
            id=UUID(case["env_id"]),
            name="env",
            node_selector=env["node_selector"],
            tolerations=env["tolerations"],
        ),
        chart=ChartValues(features=case["schema"]["features"], values_ui=case["schema"]["values_ui"]),
        revision_id=_SOME_ID,
        config_inputs=case["inputs"],
        own_url="https://platz.example.org",
        collections=parse_collection_rows(case["collections"]),
    )


def chart_archive(files: dict[str, str | None]) -> bytes:
    """Pack files (None = an empty directory) the way `helm package` does."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"telescope/{name}")
            content = (text or "").encode()
            member.type = tarfile.DIRTYPE if text is None else tarfile.REGTYPE
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


_KINDS: dict[str, Callable[[Case], Answer]] = {
    "values_ui": _values_ui,
    "condition": _condition,
    "features": _features,
    "actions": _actions,
    "action_body": _action_body,
    "resources": _resources,
    "stored": _stored,
    "chart": _chart,
    "dependency": _dependency,
    "status": _status,
    "helm_values": _helm_values,
}
