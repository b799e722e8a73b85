"""Two manifests compared, object by object (docs/contract/http-api.md, "Objects of a preview")."""

from __future__ import annotations

from typing import Any, cast

import pytest

from platz.helm.manifests import manifest_objects
from platz.preview import objects as module
from platz.preview.differences import Change
from platz.preview.masking import Masking
from platz.preview.objects import ObjectChange, ObjectsShown, compare_objects


def config_map(name: str, value: str = "1", *, api_version: str = "v1", namespace: str = "") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"""
---
apiVersion: {api_version}
kind: ConfigMap
metadata: {{name: {name}{place}}}
data: {{key: "{value}"}}
"""


def workload(kind: str = "Deployment", *, image: str = "ok:1", replicas: int = 1) -> str:
    return f"""
---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: web}}
spec:
  replicas: {replicas}
  template: {{spec: {{containers: [{{name: web, image: "{image}"}}]}}}}
"""


def compared(before: str, after: str) -> list[tuple[str, str]]:
    changes = compare_objects(manifest_objects(before), manifest_objects(after))
    return [(str(each.subject), each.change.value) for each in changes]


def shown(before: str, after: str, *secrets: str) -> tuple[list[Any], list[str]]:
    changes = compare_objects(manifest_objects(before), manifest_objects(after))
    drawing = ObjectsShown(masking=Masking(secrets))
    return cast("list[Any]", drawing.told(changes)), drawing.cut


def test_each_object_is_told_with_what_becomes_of_it_the_dangerous_ones_first() -> None:
    before = config_map("gone") + config_map("changed", "1") + config_map("same")
    after = config_map("same") + config_map("new") + config_map("changed", "2")
    assert compared(before, after) == [
        ("ConfigMap gone", "deleted"),
        ("ConfigMap changed", "changed"),
        ("ConfigMap new", "created"),
        ("ConfigMap same", "unchanged"),
    ]


def test_another_version_of_the_same_group_is_the_same_object() -> None:
    before = "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: web}\n"
    assert compared(before, before.replace("v1beta1", "v1")) == [("Deployment web", "changed")]


@pytest.mark.parametrize(
    "other",
    [config_map("a", api_version="example.com/v1"), config_map("a", namespace="elsewhere")],
    ids=["group", "namespace"],
)
def test_another_group_or_namespace_is_another_object(other: str) -> None:
    assert len(compared(config_map("a"), other)) == 2


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_workload_restarts_if_its_pod_template_changes(kind: str) -> None:
    [change] = compare_objects(
        manifest_objects(workload(kind)), manifest_objects(workload(kind, image="ok:2"))
    )
    assert change.restarts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (workload(), workload(replicas=3)),
        (workload(), workload()),
        ("", workload()),
        (workload(), ""),
        (workload("CronJob"), workload("CronJob", image="ok:2")),
    ],
    ids=["replicas", "nothing", "created", "deleted", "no workload"],
)
def test_nothing_else_restarts(before: str, after: str) -> None:
    [change] = compare_objects(manifest_objects(before), manifest_objects(after))
    assert not change.restarts


def test_a_changed_object_comes_with_its_lines() -> None:
    [told], cut = shown(config_map("a", "1"), config_map("a", "2"))
    marked = [(line["mark"], line["text"]) for hunk in told["hunks"] for line in hunk if line["mark"] != " "]
    assert marked == [("-", "  key: '1'"), ("+", "  key: '2'")]
    assert (told["kind"], told["name"], told["api_version"], told["change"]) == (
        "ConfigMap",
        "a",
        "v1",
        "changed",
    )
    assert cut == []


def test_an_unchanged_object_has_no_lines() -> None:
    [told], _ = shown(config_map("a"), config_map("a"))
    assert told["hunks"] == []


def test_a_text_of_several_lines_is_compared_line_by_line() -> None:
    before = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  file: |\n    one\n    two\n    three\n"
    [told], _ = shown(before, before.replace("two", "2"))
    assert [line["text"].strip() for line in told["hunks"][0] if line["mark"] != " "] == ["two", "2"]


def test_secrets_are_hidden_in_every_line() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: VALUE}\n"
    before = secret.replace("VALUE", "one-secret") + config_map("c", "another-secret")
    after = secret.replace("VALUE", "two-secret") + config_map("c", "third-secret")
    told, _ = shown(before, after, "another-secret", "third-secret")
    for text in ("one-secret", "two-secret", "another-secret", "third-secret"):
        assert text not in str(told)
    assert [each["change"] for each in told] == ["changed", "changed"]
    assert "[secret, changed]" in str(told)


def test_many_objects_are_cut_and_told() -> None:
    manifest = "".join(config_map(f"m{number}") for number in range(module.MOST_OBJECTS + 1))
    told, cut = shown("", manifest)
    assert len(told) == module.MOST_OBJECTS
    assert f"Only {module.MOST_OBJECTS} of {module.MOST_OBJECTS + 1} objects are shown." in cut


def test_many_lines_are_cut_once_and_told() -> None:
    before, after = (config_map("a", x) + config_map("b", x) + config_map("c", x) for x in ("1", "2"))
    changes = compare_objects(manifest_objects(before), manifest_objects(after))
    drawing = ObjectsShown(masking=Masking([]), lines_left=1)
    told = cast("list[Any]", drawing.told(changes))
    assert [bool(each["hunks"]) for each in told] == [True, False, False]
    assert len(drawing.cut) == 1


def test_an_object_that_is_too_long_is_told() -> None:
    long = "\n".join(f"    line {number}" for number in range(3_000))
    manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  file: |\n{long}\n"
    [told], cut = shown("", manifest)
    assert told["hunks"] == []
    assert cut == ["ConfigMap a is too long to be shown."]


def test_the_subject_of_a_change_is_what_will_be() -> None:
    [old] = manifest_objects(config_map("a", "1"))
    [new] = manifest_objects(config_map("a", "2"))
    assert ObjectChange(before=old, after=new).subject is new
    assert ObjectChange(before=old, after=None).subject is old
    assert ObjectChange(before=old, after=None).change is Change.DELETED
