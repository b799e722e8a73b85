"""Real Helm installs foreign charts with what Platz adds to their values, and refused some of them before.

Source: docs/contract/chart-extensions.md, "What a chart can take".
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from executables import Executables
from foreign_charts import FOREIGN_CHARTS, ForeignChart

from platz.charts.archive import read_directory
from platz.charts.values.fitting import Part, assembled, fitted
from platz.charts.values.own_values import own_values
from platz.json import JsonObject

PARTS = [
    Part(path=("platz", "env_id"), value="e"),
    Part(path=("shira", "env_id"), value="e"),
    Part(path=("nodeSelector",), value={}),
    Part(path=("tolerations",), value=[]),
    Part(path=("ingress", "enabled"), value=False),
    Part(path=("ingress", "className"), value=None),
    Part(path=("ingress", "hosts"), value=[{"host": "a.example.com"}]),
    Part(path=("ingress", "tls"), value=[]),
    Part(path=("config",), value={}),
]
WRONG_BY_THEMSELVES = {"already-wrong"}


def chart_directory(folder: Path, chart: ForeignChart) -> Path:
    files = {"Chart.yaml": "apiVersion: v2\nname: foreign\nversion: 1.0.0\n", **chart.files}
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "templates").mkdir()
    (folder / "templates" / "values.yaml").write_text("values: {{ .Values | toJson | quote }}\n")
    return folder


def rendered(helm: Path, chart: Path, values: JsonObject, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "given.json"
    file.write_text(json.dumps(values))
    return subprocess.run(
        [helm, "template", chart, "-f", file], capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.parametrize("version", ["helm3", "helm4"])
@pytest.mark.parametrize("name", sorted(FOREIGN_CHARTS.keys() - WRONG_BY_THEMSELVES))
def test_helm_takes_what_fits(name: str, version: str, executables: Executables, tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    chart = chart_directory(tmp_path / "chart", FOREIGN_CHARTS[name])
    own = own_values(read_directory(chart))

    values = fitted(PARTS, own, entered={}, override={}).values
    result = rendered(getattr(executables, version), chart, values, tmp_path)

    assert result.returncode == 0, result.stderr
    assert "cannot overwrite table" not in result.stderr


@pytest.mark.parametrize("name", ["strict", "boolean-tls", "closed-by-reference", "all-or-nothing", "few"])
def test_helm_refuses_what_does_not_fit(name: str, executables: Executables, tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    chart = chart_directory(tmp_path / "chart", FOREIGN_CHARTS[name])

    result = rendered(executables.helm4, chart, assembled(PARTS), tmp_path)

    assert "don't meet the specifications of the schema" in result.stderr
