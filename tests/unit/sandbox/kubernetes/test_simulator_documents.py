"""Decoding, validation, conditions, ages, logs, faults: the small rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from platz_sandbox.kubernetes.api.api_requests import Accepted, accepted, find_target
from platz_sandbox.kubernetes.api.cells import age, duration
from platz_sandbox.kubernetes.api.faults import Faults
from platz_sandbox.kubernetes.api.openapi_documents import v2, v3
from platz_sandbox.kubernetes.api.pod_logs import container_of, lines_of, select
from platz_sandbox.kubernetes.api.printed_columns import columns_of
from platz_sandbox.kubernetes.controllers.loop import Timing
from platz_sandbox.kubernetes.controllers.owned_objects import share, template_hash
from platz_sandbox.kubernetes.controllers.pod_status import Mark, Stage, behaviour_of, pod_status
from platz_sandbox.kubernetes.objects.body_decoding import FieldValidation, decode
from platz_sandbox.kubernetes.objects.defaults import apply_defaults
from platz_sandbox.kubernetes.objects.raw_documents import with_condition
from platz_sandbox.kubernetes.objects.served_kinds import BUILT_IN, Catalogue, built_in
from platz_sandbox.kubernetes.objects.shapes import shape_of, type_names
from platz_sandbox.kubernetes.objects.status_errors import ApiError
from platz_sandbox.kubernetes.validation.rules_by_kind import check

DEPLOYMENT = built_in("deployments.apps")


def pod(image: str = "web:1", restart: str = "Always", **annotations: str) -> dict[str, Any]:
    marks = {f"sandbox.platz.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    metadata = {"name": "p", "uid": "12345678-0000", "annotations": marks}
    return {
        "metadata": metadata,
        "spec": {"restartPolicy": restart, "containers": [{"name": "main", "image": image}]},
    }


def read(
    document: dict[str, Any], validation: FieldValidation = FieldValidation.IGNORE
) -> tuple[Any, list[str]]:
    return decode(document, shape_of(DEPLOYMENT), kind="Deployment", api_version="v1", validation=validation)


def test_nulls_and_unknown_fields_are_dropped_and_told() -> None:
    decoded, warnings = read({"spec": {"replicas": None, "paused": True, "spek": 1}}, FieldValidation.WARN)

    assert decoded == {"spec": {"paused": True}}
    assert warnings == ['unknown field "spec.spek"']


def test_numbers_are_quantities_and_ports_may_be_names() -> None:
    container = {"resources": {"limits": {"cpu": 2}}, "livenessProbe": {"httpGet": {"port": "http"}}}

    decoded, _ = read({"spec": {"template": {"spec": {"containers": [container]}}}})

    [kept] = decoded["spec"]["template"]["spec"]["containers"]
    assert kept["resources"]["limits"] == {"cpu": "2"}
    assert kept["livenessProbe"]["httpGet"]["port"] == "http"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"replicas": True}, "spec.replicas"),
        ({"paused": "yes"}, "spec.paused"),
        ({"template": []}, "spec.template"),
        ({"template": {"spec": {"containers": {}}}}, "spec.template.spec.containers"),
        ({"template": {"metadata": {"labels": {"a": 1}}}}, "spec.template.metadata.labels"),
        (
            {"template": {"metadata": {"creationTimestamp": "soon"}}},
            "spec.template.metadata.creationTimestamp",
        ),
    ],
)
def test_wrong_types_are_named(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as refused:
        read({"spec": spec})

    assert f".{field} of type" in refused.value.message
    assert "into Go struct field " in refused.value.message


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.resource)
def test_every_kinds_columns_and_defaults_bear_an_empty_object(kind: Any) -> None:
    document: dict[str, Any] = {"metadata": {"name": "x"}}

    cells = [column.cell(document) for column in columns_of(kind)]
    apply_defaults(kind, document)
    once = repr(document)
    apply_defaults(kind, document)

    assert len(cells) == len(columns_of(kind))
    assert repr(document) == once


def test_openapi_names_every_type_that_it_refers_to() -> None:
    import orjson

    kinds = Catalogue()
    for group, versions in kinds.groups().items():
        for version in versions:
            body = v3(kinds, group, version)
            assert body
            schemas = orjson.loads(body)["components"]["schemas"]
            referred = {part.split('"')[0] for part in body.decode().split("#/components/schemas/")[1:]}
            assert referred <= schemas.keys()
    assert orjson.loads(v2(kinds))["swagger"] == "2.0"


def test_every_type_that_a_type_refers_to_is_known() -> None:
    names = type_names()
    leaves = {ref.strip("![]{}") for fields in names.values() for ref in fields.values()}

    assert {leaf for leaf in leaves if leaf[0].isupper()} <= names.keys()


@pytest.mark.parametrize(
    ("resource", "document", "fields"),
    [
        ("services", {"spec": {}}, {"spec.ports"}),
        ("services", {"spec": {"ports": [{"port": 0}]}}, {"spec.ports[0].port", "spec.ports[0].targetPort"}),
        ("secrets", {"data": {"a/b": ""}}, {"data[a/b]"}),
        ("pods", {"spec": {"containers": []}}, {"spec.containers"}),
        ("configmaps", {"metadata": {"labels": {"-a": "b c"}}}, {"metadata.labels"}),
        ("jobs.batch", {"spec": {"template": {"spec": {"restartPolicy": "Always", "containers": []}}}},
         {"spec.template.spec.restartPolicy", "spec.template.spec.containers"}),
        ("ingresses.networking.k8s.io", {"spec": {"rules": [{"http": {"paths": [{"path": "/"}]}}]}},
         {"spec.rules[0].http.paths[0].pathType", "spec.rules[0].http.paths[0].backend"}),
    ],
)  # fmt: skip
def test_broken_rules_name_their_field(resource: str, document: dict[str, Any], fields: set[str]) -> None:
    kind = built_in(resource)
    whole = {**document, "metadata": {"name": "x", "uid": "0-u", **document.get("metadata", {})}}
    apply_defaults(kind, whole)

    with pytest.raises(ApiError) as refused:
        check(kind, shape_of(kind), whole)

    assert {cause.field for cause in refused.value.causes} == fields


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    first = with_condition([], {"type": "Ready", "status": "False", "reason": "A"})
    first[0]["lastTransitionTime"] = "2020-01-01T00:00:00Z"

    [same] = with_condition(first, {"type": "Ready", "status": "False", "reason": "B"})
    [moved] = with_condition(first, {"type": "Ready", "status": "True", "reason": "B"})

    assert same == {
        "type": "Ready",
        "status": "False",
        "reason": "B",
        "lastTransitionTime": "2020-01-01T00:00:00Z",
    }
    assert moved["lastTransitionTime"] > "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (119, "119s"), (121, "2m1s"), (600, "10m"), (10799, "179m"), (10800, "3h"), (14460, "4h1m"),
     (90000, "25h"), (172800, "2d"), (180000, "2d2h"), (864000, "10d"), (63072000, "2y")],
)  # fmt: skip
def test_ages_are_written_as_kubectl_does(seconds: int, text: str) -> None:
    assert duration(seconds) == text
    assert age(None) == "<unknown>"


@pytest.mark.parametrize(
    ("value", "up", "expected"), [(2, True, 2), ("25%", True, 1), ("25%", False, 0), ("x", True, 0)]
)
def test_shares_of_three(value: object, up: bool, expected: int) -> None:
    assert share(value, 3, up=up) == expected


def test_a_templates_name_depends_on_its_content_only() -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}
    labelled = {"spec": {"containers": []}, "metadata": {"labels": {"pod-template-hash": "x", "a": "b"}}}

    assert template_hash(template) == template_hash(labelled)
    assert template_hash(template) != template_hash({**template, "spec": {}})


def test_marks_decide_what_a_pod_does() -> None:
    timing = Timing()

    assert not behaviour_of(pod("never-ready:1"), timing).becomes_ready
    assert behaviour_of(pod("crash:1"), timing).crashes
    assert behaviour_of(pod("crash:1", "Never"), timing).exit_code == 1
    assert behaviour_of(pod("a", "Never", run_seconds="7", exit_code="3"), timing).ends_after == 7
    assert behaviour_of(pod("a", "Never", exit_code="3"), timing).exit_code == 3
    assert behaviour_of(pod(ready_seconds="bad"), timing).ready_after == timing.ready
    assert behaviour_of(pod(), timing).ends_after is None


@pytest.mark.parametrize("mark", Mark)
def test_the_same_stage_gives_the_same_status(mark: Mark) -> None:
    document = pod()
    document["status"] = pod_status(document, Stage(mark=Mark.CREATING))
    document["status"] = pod_status(document, Stage(mark=mark))

    assert pod_status(document, Stage(mark=mark)) == document["status"]


def running_pod(seconds: int) -> dict[str, Any]:
    document = pod()
    started = datetime.now(UTC) - timedelta(seconds=seconds)
    state = {"running": {"startedAt": started.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    document["status"] = {"containerStatuses": [{"name": "main", "state": state}]}
    return document


def test_logs_grow_with_time_and_are_cut_as_asked() -> None:
    document = running_pod(52)
    lines = lines_of(document, container_of(document, None))

    assert [line.text for line in lines[:2]] == ["Starting web:1", "Configuration read: 0 variables"]
    assert len(lines) == 3 + 10
    assert select(lines, {"tailLines": "2"}).count(b"\n") == 2
    assert len(select(lines, {"limitBytes": "11"})) == 11
    assert select(lines, {"sinceSeconds": "8"}).count(b"\n") in {1, 2}


def test_a_waiting_or_unknown_container_has_no_log() -> None:
    document = pod()
    with pytest.raises(ApiError) as refused:
        lines_of(document, container_of(document, "main"))
    assert "is waiting to start: ContainerCreating" in refused.value.message
    with pytest.raises(ApiError):
        container_of(document, "other")


def test_a_counted_fault_spares_those_behind_the_one_that_ends_the_request() -> None:
    faults = Faults()
    faults.switch_on({"action": "status", "code": 500, "count": 1})
    faults.switch_on({"action": "drop", "count": 1, "verb": "get"})

    assert [fault.action.value for fault in faults.hitting("east", "get", "/x")] == ["status"]
    assert [fault.action.value for fault in faults.hitting("east", "get", "/x")] == ["drop"]
    assert faults.hitting("east", "get", "/x") == []


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", Accepted.OBJECT),
        ("*/*", Accepted.OBJECT),
        ("application/vnd.kubernetes.protobuf,application/json", Accepted.OBJECT),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Accepted.TABLE),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", Accepted.OBJECT),
        ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Accepted.METADATA),
    ],
)
def test_accept_headers_choose_the_form(header: str, form: Accepted) -> None:
    assert accepted(header) is form


def test_a_form_that_can_not_be_sent_is_406() -> None:
    with pytest.raises(ApiError) as refused:
        accepted("application/vnd.kubernetes.protobuf")
    assert refused.value.code == 406


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/namespaces", ("namespaces", None, None, "")),
        ("/api/v1/namespaces/a", ("namespaces", None, "a", "")),
        ("/api/v1/namespaces/a/status", ("namespaces", None, "a", "status")),
        ("/api/v1/namespaces/a/pods", ("pods", "a", None, "")),
        ("/api/v1/namespaces/a/pods/b/log", ("pods", "a", "b", "log")),
        ("/api/v1/pods", ("pods", None, None, "")),
        ("/apis/apps/v1/namespaces/a/deployments/b/scale", ("deployments", "a", "b", "scale")),
    ],
)
def test_paths_name_their_target(path: str, expected: tuple[str, str | None, str | None, str]) -> None:
    target = find_target(Catalogue(), path)

    assert (target.kind.plural, target.namespace, target.name, target.subresource) == expected


@pytest.mark.parametrize(
    "path",
    ["/", "/api", "/api/v1", "/api/v2/pods", "/apis/apps/v1/pods", "/api/v1/namespaces/a/nodes", "/api/v1/pods/a/b/c/d",
     "/apis/apps/v1/namespaces/a/deployments/b/log", "/apis/none/v1/things"],
)  # fmt: skip
def test_paths_that_name_nothing_are_not_found(path: str) -> None:
    with pytest.raises(ApiError) as refused:
        find_target(Catalogue(), path)
    assert refused.value.code == 404
