"""The stand-in registry refuses an archive whose Chart.yaml can't be read, in one sentence."""

from __future__ import annotations

import pytest

from platz.errors import Rejected
from platz_sandbox.demo_charts.packaging import archive_of
from platz_sandbox.registry.artifact import chart_artifact


@pytest.mark.parametrize(
    ("chart_yaml", "reason"),
    [
        (b"name: [", "not YAML"),
        (b"a: b: c\n", "not YAML"),
        (b"\xff\xfe\xfd", "not YAML"),
        (b"name: \x00\n", "not YAML"),
        (b"when: 2024-99-99\n", "not YAML"),
        (b"a: 1\na: 2\n", "not YAML"),
        (b"--- 1\n--- 2\n", "not YAML"),
        (b"x: " + b"[" * 5000, "not YAML"),
        (b"- a\n", "not a mapping"),
        (b"", "not a mapping"),
        (b"x: !!set {a, b}\n", "JSON can't"),
        (b"x: !!binary YQ==\n", "JSON can't"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_broken_chart_yaml_is_refused(chart_yaml: bytes, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        chart_artifact(archive_of("shop", {"Chart.yaml": chart_yaml}))


def test_a_good_chart_yaml_is_taken() -> None:
    artifact = chart_artifact(archive_of("shop", {"Chart.yaml": b"name: shop\nversion: 1.0.0\n1: one\n"}))
    assert b'"1":"one"' in artifact.config
