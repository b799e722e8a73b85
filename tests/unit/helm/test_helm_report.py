"""What a user reads after a run."""

from __future__ import annotations

import time

from platz.helm.report import bounded, objects_of, release_report

MANIFEST = """---
# Source: shop/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  labels:
    app.kubernetes.io/name: shop
  name: "shop-password"
data:
  name: aHVudGVyMg==
---
# Source: shop/templates/web.yaml
kind: Deployment
apiVersion: apps/v1
metadata:
  name: web
spec:
  template:
    metadata:
      name: inner
---
# Source: shop/templates/empty.yaml
"""


def test_objects_are_found_with_kind_and_name() -> None:
    assert objects_of(MANIFEST) == [("Secret", "shop-password"), ("Deployment", "web")]


def test_names_are_found_in_flow_style_too() -> None:
    flow = [
        "metadata: {name: a}",
        'metadata: {namespace: x, name: "b"}',
        "metadata: {labels: {name: c}}",
    ]
    manifest = "\n---\n".join(f"kind: ConfigMap\n{metadata}" for metadata in flow)
    assert [name for _, name in objects_of(manifest)] == ["a", "b", "?"]


def test_a_report_names_revision_objects_and_notes_and_no_values() -> None:
    report = release_report(
        release="shop-blue", revision=3, status="deployed", manifest=MANIFEST, notes="\nOpen the shop.\n"
    )
    assert report == (
        "Release shop-blue, revision 3: deployed.\n\n"
        "2 objects:\n  Secret: shop-password\n  Deployment: web\n\n"
        "Notes:\nOpen the shop."
    )


def test_long_text_keeps_its_beginning_and_its_end() -> None:
    text = "a" * 100 + "b" * 100
    short = bounded(text, 20)
    assert short.startswith("a" * 10)
    assert short.endswith("b" * 10)
    assert "180 characters" in short


def test_a_hostile_manifest_is_read_in_linear_time() -> None:
    manifest = "metadata:\n" + "  x: y\n" * 200_000
    began = time.monotonic()
    objects_of("kind: A\n" + manifest)
    assert time.monotonic() - began < 5
