"""A chart that Helm refuses whatever its values are says so in its row."""

from __future__ import annotations

import io
import tarfile

import pytest

from platz.charts.chart import read_installable_chart
from platz.charts.installability import is_refused


def error_of(chart: str) -> str | None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("shop/Chart.yaml")
        entry.size = len(chart.encode())
        archive.addfile(entry, io.BytesIO(chart.encode()))
    return read_installable_chart(packed.getvalue()).error


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ("apiVersion: v2\nname: shop\nversion: 1.0.0\ntype: library\n", "it is a library"),
        ("apiVersion: v2\nname: shop\nversion: 1.0.0\ntype: plugin\n", "no such type of charts"),
        ("apiVersion: v2\nversion: 1.0.0\n", "it has no name"),
        ("apiVersion: v2\nname: ''\nversion: 1.0.0\n", "it has no name"),
        ("apiVersion: v2\nname: a/b\nversion: 1.0.0\n", "its name holds a path"),
        ("apiVersion: v2\nname: ..\nversion: 1.0.0\n", "its name holds a path"),
        ("apiVersion: v2\nname: shop\nversion: 1e3\n", "not a semantic version"),
        ("apiVersion: v2\nname: shop\nversion: latest\n", "not a semantic version"),
    ],
)
def test_what_helm_refuses_is_the_charts_error(chart: str, words: str) -> None:
    error = error_of(chart)
    assert error is not None
    assert words in error
    assert error.startswith("Chart.yaml: Helm can't install this chart: ")
    assert is_refused(error)


@pytest.mark.parametrize("version", ["1", "1.2", "v1.2.3", "1.2.3-rc.1+build.5", '"2.0"'])
@pytest.mark.parametrize("kind", ["", "type: application\n", "type:\n"])
def test_what_helm_installs_is_no_error(version: str, kind: str) -> None:
    assert error_of(f"apiVersion: v2\nname: shop\nversion: {version}\n{kind}") is None


@pytest.mark.parametrize("error", [None, "Chart.yaml: The file was not found.", "values_ui.json: ..."])
def test_another_error_does_not_keep_a_chart_from_being_installed(error: str | None) -> None:
    assert not is_refused(error)
