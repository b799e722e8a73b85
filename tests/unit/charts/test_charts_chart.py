"""Reading whole charts: layouts, errors, warnings and the commands for chart authors.

Source: docs/contract/chart-extensions.md, "Files and versions".
"""

from __future__ import annotations

import argparse
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from platz.charts.archive import ChartFiles
from platz.charts.chart import ReadChart, examine, read_chart, read_files
from platz.charts.reading.problems import Severity
from platz.commands.chart_command import add_commands

CHART = "apiVersion: v2\nversion: 1.0.0\n"
FORM = """\
apiVersion: platz.io/v1beta1
kind: ValuesUi
inputs:
  - {id: size, type: number, label: Size, required: true}
outputs:
  values:
    - path: [size]
      value: {FieldValue: {input: size}}
  secrets:
    login: {SIZE: {FieldValue: {input: size}}}
"""
ACTIONS = """\
- apiVersion: platz.io/v1beta1
  kind: Action
  spec:
    {id: go, allowed_role: Owner, endpoint: standard_ingress, path: /go, method: POST, title: Go, description: Go}
"""
RESOURCE_TYPES = """\
- apiVersion: platz.io/v1beta1
  kind: ResourceType
  key: mirror
  spec: {name_singular: M, name_plural: Ms, fontawesome_icon: circle, values_ui: {inputs: []}}
"""


def read(files: Mapping[str, str], *, chart: str = CHART) -> ReadChart:
    return read_files(chart_files(files, chart=chart))


def chart_files(files: Mapping[str, str], *, chart: str = CHART) -> ChartFiles:
    contents = {name: text.encode() for name, text in {"Chart.yaml": chart, **files}.items()}
    has_directory = any(name.startswith("platz/") for name in files)
    return ChartFiles(files=contents, has_extension_directory=has_directory, names=tuple(contents))


def warnings(files: Mapping[str, str]) -> str:
    chart = read(files)
    assert chart.error is None
    return "\n".join(chart.warnings)


# ---- Chart.yaml


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.0", "2.0"),
        ("1.10", "1.10"),
        ("'3'", "3"),
        ("0x10", "0x10"),
        ("true", "true"),
        ("1e3", "1e3"),
        ("01.2", "01.2"),
    ],
)
def test_the_version_is_taken_as_its_text(text: str, version: str) -> None:
    metadata = read({}, chart=f"apiVersion: v2\nversion: {text}\n").metadata
    assert metadata is not None
    assert metadata.version == version


@pytest.mark.parametrize(
    ("chart", "reason"),
    [
        ("apiVersion: v3\nversion: 1\n", "apiVersion"),
        ("version: 1\n", '"apiVersion" is missing'),
        ("apiVersion: v2\n", '"version" is missing'),
        ("apiVersion: v2\nversion: [1]\n", "version"),
        ("apiVersion: v2\nversion: 1\nversion: 2\n", "twice"),
        ("apiVersion: v2\nversion: 1\nannotations: [x]\n", "annotations"),
        ("apiVersion: v2\nversion: 1\nannotations: {platz.io/git/repo: github.com/a/b}\n", "absolute URL"),
        ("apiVersion: v2\nversion: 1\nannotations: {platz.io/git/repo: 'https://'}\n", "absolute URL"),
        ("apiVersion: v2\nversion: 1\nannotations: {platz.io/git/repo: 'http://[::1'}\n", "absolute URL"),
        (f"apiVersion: v2\nversion: {'1' * 513}\n", "more than 512 characters"),
        (
            f"apiVersion: v2\nversion: 1\nannotations: {{platz.io/git/branch: {'b' * 513}}}\n",
            "more than 512 characters",
        ),
        ("", "stands where an object"),
        ("a: [", "not YAML"),
    ],
)
def test_a_bad_chart_yaml_voids_everything_and_is_named_first(chart: str, reason: str) -> None:
    result = read({"platz/features.yaml": "{}", "platz/actions.yaml": "- x"}, chart=chart)
    assert result.error is not None
    assert result.error.startswith("Chart.yaml: ")
    assert reason in result.error
    assert (result.features, result.actions_schema, result.metadata) == (None, None, None)


@pytest.mark.parametrize("annotations", ["", "~", "{}", "{other: [1]}", "{platz.io/git/commit: ~}"])
def test_annotations_are_optional(annotations: str) -> None:
    metadata = read({}, chart=f"{CHART}annotations: {annotations}\n").metadata
    assert metadata is not None
    assert metadata.git_commit is None


@pytest.mark.parametrize("url", ["https://git.example.org/a/b", "ssh://git@host/a", "git+ssh://x/y"])
def test_an_absolute_repository_url_is_kept(url: str) -> None:
    metadata = read({}, chart=f"{CHART}annotations: {{platz.io/git/repo: '{url}'}}\n").metadata
    assert metadata is not None
    assert metadata.git_repo == url


def test_a_missing_chart_yaml_is_told() -> None:
    files = ChartFiles(files={"features.json": b"{}"}, has_extension_directory=False)
    assert read_files(files).error == "Chart.yaml: The file was not found. Every chart has it at its root."


# ---- errors and empty files


@pytest.mark.parametrize("name", ["platz/values-ui.yaml", "platz/actions.yaml", "platz/features.yaml"])
@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~"])
def test_an_empty_file_is_an_error(name: str, text: str) -> None:
    error = read({name: text}).error
    assert error is not None
    assert error.startswith(f"{name}: ")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "[]"])
def test_an_empty_resources_file_is_an_empty_list(text: str) -> None:
    chart = read({"platz/resources.yaml": text})
    assert (chart.error, chart.resource_types) == (None, [])


def test_null_is_not_an_empty_resources_file() -> None:
    assert read({"platz/resources.yaml": "~"}).error is not None


@pytest.mark.parametrize("name", ["values.ui.json", "actions.schema.json", "features.json"])
def test_legacy_files_are_strict_json(name: str) -> None:
    error = read({name: "inputs: []"}).error
    assert error is not None
    assert "not JSON" in error


def test_an_error_names_file_place_line_and_remedy() -> None:
    error = read({"platz/actions.yaml": ACTIONS.replace("method: POST", "method: post")}).error
    assert error == (
        'platz/actions.yaml: [0].spec.method (line 4): The text "post" is not one of the choices.'
        " Did you mean POST? Use one of: GET, POST, PUT, PATCH, DELETE."
    )


def test_every_problem_of_every_file_is_found() -> None:
    files = {"platz/actions.yaml": "- {}\n", "platz/features.yaml": "[]", "platz/values-ui.yaml": "x: ["}
    problems = examine(chart_files(files)).errors()
    assert {problem.file for problem in problems} == set(files)
    assert len([problem for problem in problems if problem.file == "platz/actions.yaml"]) == 3


def test_text_of_a_chart_is_cut_in_an_error() -> None:
    error = read({"platz/actions.yaml": ACTIONS.replace("POST", "P" * 10_000)}).error
    assert error is not None
    assert len(error) < 300


# ---- warnings


def one_input(**changes: Any) -> dict[str, str]:
    declared = {"id": "a", "type": "text", "label": "A", **changes}
    return {"values.ui.json": orjson.dumps({"inputs": [declared]}).decode()}


FAULTY_FEATURES = "apiVersion: platz.io/v1beta2\nkind: Features\nspec: {ingress: yes}\n"
WITH_INGRESS = "apiVersion: platz.io/v1beta2\nkind: Features\nspec: {ingress: {enabled: true}}\n"
FAST_STATUS = "status: {endpoint: standard_ingress, path: /s, refresh_interval_secs: 1}"
UNDECLARED = FORM.replace("input: size}}\n  s", "input: ghost}}\n  s")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"platz/features.yaml": FAULTY_FEATURES},
            "read as v0, so that all under spec is ignored, because: The text",
        ),
        (
            {"platz/features.yaml": "{standard_ingress: true, display: {}}"},
            "read as v0, which ignores display, because its apiVersion is not platz.io/v1beta2 or platz.io/v1beta1.",
        ),
        (
            {"platz/resources.yaml": RESOURCE_TYPES + RESOURCE_TYPES},
            "declared 2 times, and the last one counts",
        ),
        ({"platz/features.yaml": FAST_STATUS}, "every 15 seconds"),
        ({"platz/actions.yml": "x"}, "platz/actions.yml: This file is not read"),
        ({"platz/features.yaml": "{}", "features.json": "{}"}, "features.json: This file is not read"),
        (one_input(help_text="x"), "Did you mean helpText?"),
        (one_input(type="RadioSelect"), "without options"),
        (one_input(required=True), "No output uses this input"),
        (one_input(showIf={"eq": 1}), "always hidden"),
        ({"platz/actions.yaml": ACTIONS + ACTIONS}, "declared 2 times, and the first one counts"),
        ({"platz/values-ui.yaml": UNDECLARED}, "every deployment will fail"),
        ({"platz/values-ui.yaml": FORM.replace("path: [size]", 'path: [size, "[x]"]')}, "selects no element"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_author_is_warned(files: Mapping[str, str], expected: str) -> None:
    assert expected in warnings(files)


def test_names_of_files_are_cut_in_a_warning() -> None:
    assert len(warnings({f"platz/{'x' * 1000}": ""})) < 250


def test_a_good_chart_has_no_warnings() -> None:
    files = {"platz/values-ui.yaml": FORM, "platz/actions.yaml": ACTIONS, "platz/features.yaml": WITH_INGRESS}
    assert warnings(files) == ""
    assert all(problem.severity is Severity.WARNING for problem in examine(chart_files(files)).problems)


# ---- commands


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["chart", *arguments])
    code: int = parsed.handler(parsed)
    return code


@pytest.fixture
def chart_directory(tmp_path: Path) -> Path:
    (tmp_path / "chart" / "platz").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text(CHART)
    (tmp_path / "chart" / "platz" / "values-ui.yaml").write_text(FORM)
    (tmp_path / "chart" / "platz" / "actions.yaml").write_text(ACTIONS)
    (tmp_path / "chart" / "platz" / "features.yaml").write_text(WITH_INGRESS)
    return tmp_path / "chart"


def test_check_tells_what_is_understood(chart_directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(chart_directory)) == 0
    output = capsys.readouterr().out
    assert "input size (number), required" in output
    assert "action go: POST /go, Owner and above, without a form" in output
    assert output.endswith("0 errors, 0 warnings\n")


def test_check_of_an_archive_ends_with_one_on_errors(
    chart_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (chart_directory / "platz" / "features.yaml").write_text("[]")
    with tarfile.open(tmp_path / "chart.tgz", "w:gz") as tar:
        tar.add(chart_directory, arcname="shop")
    assert run("check", str(tmp_path / "chart.tgz"), "--json") == 1
    report: Any = orjson.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert [problem["file"] for problem in report["problems"]] == ["platz/features.yaml"]
    assert read_chart((tmp_path / "chart.tgz").read_bytes()).error is not None


@pytest.mark.parametrize("content", [None, b"nothing like a chart"])
def test_check_of_what_is_no_chart_ends_with_one(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = tmp_path / "chart.tgz"
    if content is not None:
        chart.write_bytes(content)
    assert run("check", str(chart)) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert run("check", str(chart), "--json") == 1
    report: Any = orjson.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert [problem["file"] for problem in report["problems"]] == ["chart.tgz"]


@pytest.mark.parametrize(("name", "text"), [("inputs.json", '{"size": 2.0}'), ("inputs.yaml", "size: 2.0")])
def test_render_shows_values_and_secrets(
    chart_directory: Path, tmp_path: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)
    assert run("render", str(chart_directory), "--inputs", str(tmp_path / name)) == 0
    assert orjson.loads(capsys.readouterr().out) == {
        "values": {"size": 2.0},
        "secrets": {"login": {"SIZE": "2.0"}},
    }


def test_render_shows_an_actions_body(
    chart_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inputs.json").write_text('{"x": 1}')
    assert (
        run("render", str(chart_directory), "--inputs", str(tmp_path / "inputs.json"), "--action", "go") == 0
    )
    assert orjson.loads(capsys.readouterr().out) == {"body": {"x": 1}}


@pytest.mark.parametrize(
    ("inputs", "more", "reason"),
    [("{}", [], '"size" is required'), ("{", [], "not JSON"), ("{}", ["--action", "fly"], 'no action "fly"')],
)
def test_render_tells_what_fails(
    chart_directory: Path,
    tmp_path: Path,
    inputs: str,
    more: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "inputs.json").write_text(inputs)
    assert run("render", str(chart_directory), "--inputs", str(tmp_path / "inputs.json"), *more) == 1
    assert reason in capsys.readouterr().err


def test_render_looks_items_up_in_the_given_rows(
    chart_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = "d0000000-0000-4000-8000-000000000001"
    form = FORM.replace("type: number", "type: CollectionSelect, collection: deployments")
    form = form.replace(
        "{FieldValue: {input: size}}\n  secrets", "{FieldProperty: {input: size, property: kind}}\n  secrets"
    )
    (chart_directory / "platz" / "values-ui.yaml").write_text(form)
    (tmp_path / "inputs.json").write_text(f'{{"size": "{item}"}}')
    (tmp_path / "rows.yaml").write_text(f"deployments: [{{id: {item}, name: a, kind: Shop}}]")
    arguments = ["--inputs", str(tmp_path / "inputs.json"), "--collections", str(tmp_path / "rows.yaml")]
    assert run("render", str(chart_directory), *arguments) == 0
    assert orjson.loads(capsys.readouterr().out)["values"] == {"size": "Shop"}
    (tmp_path / "rows.yaml").write_text("deployments: [{id: x, name: a, kind: Shop}]")
    assert run("render", str(chart_directory), *arguments) == 1
    assert f"{tmp_path / 'rows.yaml'}: deployments[0].id" in capsys.readouterr().err
