"""Final Helm values, names and tags.

Source: docs/contract/chart-extensions.md, "Composing the Helm values"; docs/contract/workers.md, "Values and
secrets", "Kind from a repository name", "Chart rows and tag information", "Test vectors".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.charts.documents.chart_metadata import ChartMetadata
from platz.charts.documents.derived_names import (
    ingress_hostname,
    kind_from_repository,
    namespace_name,
    target_url,
)
from platz.charts.documents.features import HostnameFormat
from platz.charts.rendering.helm_values import (
    ChartValues,
    ClusterValues,
    DeploymentValues,
    EnvValues,
    HelmValuesInputs,
    compose,
    compose_values,
    tolerations_list,
)
from platz.charts.rendering.item_rows import CollectionRows
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed
from platz.charts.tag_formats import TagFormat, TagInformation, chart_information, from_tag, validate_pattern
from platz.charts.values.own_values import OwnValues
from platz.errors import Rejected

SOME_ID = UUID("f0000000-0000-4000-8000-000000000001")
MOMENT = datetime(2024, 5, 6, 7, 8, 9, 120_000, tzinfo=UTC)
INGRESS = {"apiVersion": "platz.io/v1beta2", "kind": "Features", "spec": {"ingress": {"enabled": True}}}
FORM = {
    "inputs": [
        {"id": "a", "type": "text", "label": "A"},
        {"id": "pw", "type": "text", "label": "P", "sensitive": True},
    ],
    "outputs": {
        "values": [{"path": ["ingress", "annotations", "k"], "value": {"FieldValue": {"input": "a"}}}],
        "secrets": {"login": {"PASS": {"FieldValue": {"input": "pw"}}}},
    },
}


def inputs(**changes: Any) -> HelmValuesInputs:
    base = HelmValuesInputs(
        deployment=DeploymentValues(id=SOME_ID, name="blue", kind="Shop", config={"raw": 1}),
        cluster=ClusterValues(
            id=SOME_ID,
            env_id=SOME_ID,
            provider_id="arn",
            created_at=MOMENT,
            last_seen_at=MOMENT,
            name="one",
            region_name="here",
            is_ok=True,
            not_ok_reason=None,
            ignore=False,
            ingress_domain="x.io",
            ingress_class=None,
            ingress_tls_secret_name="tls",
            grafana_url=None,
            grafana_datasource_name=None,
        ),
        env=EnvValues(id=SOME_ID, name="Default", node_selector={"pool": "a"}, tolerations={}),
        chart=ChartValues(features=None, values_ui=None),
        revision_id=SOME_ID,
        config_inputs={"a": "b", "pw": "hunter2"},
        own_url="https://Platz.example.com",
        collections=CollectionRows(),
    )
    return replace(base, **changes)


def test_the_base_document_without_a_form() -> None:
    composed = compose(inputs())
    platz = composed.values["platz"]
    assert composed.values == {
        "platz": platz,
        "shira": platz,
        "nodeSelector": {"pool": "a"},
        "tolerations": [],
        "ingress": {"enabled": False, "className": None, "hosts": [], "tls": []},
        "config": {"raw": 1},
    }
    assert platz == {
        "env_id": str(SOME_ID),
        "env_name": "Default",
        "cluster_id": str(SOME_ID),
        "cluster_name": "one",
        "cluster": {
            "id": str(SOME_ID),
            "env_id": str(SOME_ID),
            "provider_id": "arn",
            "created_at": "2024-05-06T07:08:09.120Z",
            "last_seen_at": "2024-05-06T07:08:09.120Z",
            "name": "one",
            "region_name": "here",
            "is_ok": True,
            "not_ok_reason": None,
            "ignore": False,
            "ingress_domain": "x.io",
            "ingress_class": None,
            "ingress_tls_secret_name": "tls",
            "grafana_url": None,
            "grafana_datasource_name": None,
        },
        "deployment_id": str(SOME_ID),
        "deployment_name": "blue",
        "deployment_kind": "Shop",
        "revision_id": str(SOME_ID),
        "own_url": "https://platz.example.com/",
    }
    assert (composed.secrets, composed.warnings) == ({}, ())


def test_an_enabled_ingress_has_host_and_tls() -> None:
    values = compose_values(inputs(chart=ChartValues(features=INGRESS, values_ui=None)))
    assert values["ingress"] == {
        "enabled": True,
        "className": None,
        "hosts": [{"host": "shop-blue.x.io", "paths": [{"path": "/", "pathType": "Prefix"}]}],
        "tls": [{"secretName": "tls", "hosts": ["shop-blue.x.io"]}],
    }


def test_an_ingress_without_tls_secret_stays_disabled_with_a_warning() -> None:
    cluster = replace(inputs().cluster, ingress_tls_secret_name=None, ingress_domain=None)
    composed = compose(inputs(chart=ChartValues(features=INGRESS, values_ui=None), cluster=cluster))
    assert composed.values["ingress"] == {"enabled": False, "className": None, "hosts": [], "tls": []}
    assert "cluster one has no TLS secret name" in composed.warnings[0]


def test_an_ingress_without_domain_fails() -> None:
    cluster = replace(inputs().cluster, ingress_domain=None)
    with pytest.raises(RenderingFailed) as caught:
        compose(inputs(chart=ChartValues(features=INGRESS, values_ui=None), cluster=cluster))
    assert caught.value.code is RenderingErrorCode.CLUSTER_HAS_NO_INGRESS_DOMAIN


def test_outputs_replace_whole_top_level_keys() -> None:
    values = compose(inputs(chart=ChartValues(features=INGRESS, values_ui=FORM))).values
    assert values["ingress"] == {"annotations": {"k": "b"}}
    assert "config" not in values


def test_secrets_come_beside_the_values_and_never_show() -> None:
    composed = compose(inputs(chart=ChartValues(features=None, values_ui=FORM)))
    assert composed.secrets == {"login": {"PASS": "hunter2"}}
    assert composed.confidential == {"hunter2"}
    assert "hunter2" not in repr(composed)
    assert "hunter2" not in repr(inputs())


def test_node_selector_and_tolerations_are_copied_to_the_listed_paths() -> None:
    features = {
        "node_selector_paths": [["db", "[0]"], []],
        "tolerations_paths": [["db", "t"], ["nodeSelector", "t"]],
    }
    env = replace(inputs().env, tolerations={"1": "b", "0": "a"})
    values = compose_values(inputs(chart=ChartValues(features=features, values_ui=None), env=env))
    assert values["db"] == {"[0]": {"pool": "a"}, "t": ["a", "b"]}
    assert values["nodeSelector"] == {"pool": "a", "t": ["a", "b"]}
    assert values["tolerations"] == ["a", "b"]


def test_a_path_through_something_that_is_no_object_fails() -> None:
    features = {"node_selector_paths": [["platz", "env_name", "x"]]}
    with pytest.raises(RenderingFailed, match="env_name"):
        compose_values(inputs(chart=ChartValues(features=features, values_ui=None)))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({}, []),
        ([1], [1]),
        ({str(n): n for n in (10, 2, 1)}, [1, 2, 10]),
        ({"key": 1}, {"key": 1}),
        (None, None),
    ],
)
def test_tolerations_become_a_list(stored: Any, expected: Any) -> None:
    assert tolerations_list(stored) == expected


def with_features(**spec: Any) -> ChartValues:
    document: Any = {"apiVersion": "platz.io/v1beta2", "kind": "Features", "spec": spec}
    return ChartValues(features=document, values_ui=None)


def test_a_chart_says_which_values_platz_may_add() -> None:
    values = compose_values(inputs(chart=with_features(injected_values=["platz", "config"])))
    assert values.keys() == {"platz", "config"}
    assert compose_values(inputs(chart=with_features(injected_values=[]))) == {}
    assert compose_values(inputs(chart=with_features())).keys() > {"shira", "ingress"}


def test_paths_of_the_features_are_filled_whatever_else_may_be_added() -> None:
    chart = with_features(injected_values=[], node_selector_paths=[["db", "nodeSelector"]])
    assert compose_values(inputs(chart=chart)) == {"db": {"nodeSelector": {"pool": "a"}}}


def test_what_the_chart_can_t_take_is_left_out_with_a_warning() -> None:
    own = OwnValues(
        defaults={"config": [], "ingress": {"tls": False}}, schema={"properties": {"shira": False}}
    )
    composed = compose(inputs(own=own))
    assert composed.values.keys() == {"platz", "nodeSelector", "tolerations", "ingress", "config"}
    assert composed.values["ingress"] == {"enabled": False, "className": None, "hosts": []}
    assert "The chart can't take ingress.tls, so Platz leaves it out." in composed.warnings
    assert composed.values == compose_values(inputs(own=own))


def test_what_users_enter_is_given_to_the_chart_even_if_it_can_t_take_it() -> None:
    own = OwnValues(defaults={"ingress": False}, schema={"properties": {"ingress": False}})
    chart = ChartValues(features=INGRESS, values_ui=FORM)
    assert compose(inputs(chart=chart, own=own)).values["ingress"] == {"annotations": {"k": "b"}}


# ---- names


@pytest.mark.parametrize(
    ("repository", "kind"),
    [
        ("word", "Word"),
        ("two-words-charts", "TwoWords"),
        ("shop-manager-chart", "ShopManager"),
        ("chart-not-last", "ChartNotLast"),
        ("2048-game", "2048Game"),
        ("myApp-x", "myAppX"),
        ("API", "Api"),
        ("foo.bar", "foo.bar"),
        ("v1.2-foo", "V1.2Foo"),
        ("charts/my-app", "Charts/MyApp"),
        ("one-chart-chart", "OneChart"),
        ("chart", "Chart"),
        ("a--b", "AB"),
    ],
)
def test_kind_of_a_repository(repository: str, kind: str) -> None:
    assert kind_from_repository(repository) == kind


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "by_name"),
    [("Shop", "blue", "shop-blue", "blue.x.io"), ("ShopManager", "", "shopmanager", "shopmanager.x.io")],
)
def test_namespace_and_hostnames(kind: str, name: str, namespace: str, by_name: str) -> None:
    assert namespace_name(kind, name) == namespace
    assert (
        ingress_hostname(kind, name, hostname_format=HostnameFormat.KIND_AND_NAME, domain="x.io")
        == f"{namespace}.x.io"
    )
    assert ingress_hostname(kind, name, hostname_format=HostnameFormat.NAME, domain="x.io") == by_name


@pytest.mark.parametrize("path", ["/api/status", "//api/status", "api/status"])
def test_leading_slashes_of_a_path_make_no_difference(path: str) -> None:
    assert target_url("shop-a.x.io", path) == "https://shop-a.x.io/api/status"
    assert target_url("shop-a.x.io", "") == "https://shop-a.x.io/"


# ---- tags

DESCRIBE = TagFormat(
    id=UUID(int=1),
    pattern=r"^(chart-)?v?(?P<version>\d+\.\d+\.\d+)((-(?P<revision>\d+))?(-g(?P<commit>[0-9a-zA-Z]+))?-(?P<branch>[-\w]+))?$",
)
DOTTED = TagFormat(
    id=UUID(int=2),
    pattern=r"^(chart-)?v?(?P<version>\d+\.\d+\.\d+)-(?P<branch>[-_A-Za-z0-9]+)\.(?P<revision>\d+)$",
)


@pytest.mark.parametrize(
    ("tag", "tag_format", "version", "revision", "commit", "branch"),
    [
        *[(tag, DESCRIBE, "1.2.3", "", "", "") for tag in ("1.2.3", "v1.2.3", "chart-1.2.3", "chart-v1.2.3")],
        ("1.2.3-main", DESCRIBE, "1.2.3", "", "", "main"),
        ("1.2.3-my-branch", DESCRIBE, "1.2.3", "", "", "my-branch"),
        ("1.2.3-5-main", DESCRIBE, "1.2.3", "5", "", "main"),
        ("1.2.3-5-gabc123-main", DESCRIBE, "1.2.3", "5", "abc123", "main"),
        ("1.2.3-gabc-main", DESCRIBE, "1.2.3", "", "abc", "main"),
        ("1.2.3-5", DESCRIBE, "1.2.3", "", "", "5"),
        ("1.2.3-5-6", DESCRIBE, "1.2.3", "5", "", "6"),
        ("1.2.3-5-gabc123", DESCRIBE, "1.2.3", "5", "", "gabc123"),
        ("1.2.3-beta.4", DOTTED, "1.2.3", "4", "", "beta"),
        ("1.2.3-rc1-x.2", DOTTED, "1.2.3", "2", "", "rc1-x"),
    ],
)
def test_seeded_formats_read_a_tag(
    tag: str, tag_format: TagFormat, version: str, revision: str, commit: str, branch: str
) -> None:
    assert from_tag(tag, [DOTTED, DESCRIBE]) == TagInformation(
        tag_format_id=tag_format.id,
        parsed_version=version,
        parsed_revision=revision,
        parsed_commit=commit,
        parsed_branch=branch,
    )


def test_a_tag_that_no_format_matches_tells_nothing() -> None:
    assert from_tag("latest", [DOTTED, DESCRIBE]) == TagInformation()


def test_the_first_format_that_matches_anywhere_wins() -> None:
    newest = TagFormat(id=UUID(int=3), pattern="(?P<branch>rc)")
    broken = TagFormat(id=UUID(int=4), pattern="(")
    found = from_tag("1.2.3-rc1", [broken, newest, DESCRIBE])
    assert found == TagInformation(
        tag_format_id=newest.id, parsed_version="", parsed_revision="", parsed_commit="", parsed_branch="rc"
    )


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            ChartMetadata(version="9", git_branch="dev"),
            TagInformation(parsed_version="9", parsed_branch="dev"),
        ),
        (
            ChartMetadata(version="9", git_commit=""),
            TagInformation(parsed_version="9", parsed_commit=""),
        ),
        (
            ChartMetadata(version="9"),
            TagInformation(
                tag_format_id=DESCRIBE.id, parsed_version="9", parsed_branch="main", parsed_commit="abc"
            ),
        ),
        (
            None,
            TagInformation(
                tag_format_id=DESCRIBE.id,
                parsed_version="1.2.3",
                parsed_revision="5",
                parsed_branch="main",
                parsed_commit="abc",
            ),
        ),
    ],
    ids=["branch annotation", "commit annotation", "no annotation", "no metadata"],
)
def test_metadata_and_tag_are_combined(metadata: ChartMetadata | None, expected: TagInformation) -> None:
    assert chart_information(metadata, "1.2.3-5-gabc-main", [DESCRIBE]) == expected


@pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "x" * 5000, "(?P<a>x)(?P<a>y)"])
def test_a_pattern_that_does_not_compile_is_rejected_for_its_field(pattern: str) -> None:
    with pytest.raises(Rejected) as caught:
        validate_pattern(pattern)
    assert caught.value.field == "pattern"


@given(st.text(max_size=40))
def test_any_pattern_is_valid_or_rejected_with_a_sentence(pattern: str) -> None:
    try:
        validate_pattern(pattern)
    except Rejected as error:
        message = error.message
    else:
        message = "valid."
    assert message.endswith(".")
