"""The post-renderer changes the number of replicas, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from platz.helm import kept_replicas

MANIFEST = """---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2   # zwölf
  selector: {matchLabels: {app: web}}
---
kind: Deployment
metadata:
  name: "other"
spec: {replicas: 1, paused: false}
---
kind: Deployment
metadata: {name: none}
spec: {paused: false}
---
kind: ConfigMap
metadata: {name: web}
data: {spec: "replicas: 2"}
---
"""


@pytest.mark.parametrize("name", ["StatefulSet/web", "Deployment/none", "ConfigMap/web", "Deployment/absent"])
def test_what_sets_no_replicas_and_what_is_not_named_stays(name: str) -> None:
    assert kept_replicas.with_replicas(MANIFEST, {name: 9}) == MANIFEST


def test_only_the_number_changes() -> None:
    changed = kept_replicas.with_replicas(MANIFEST, {"Deployment/web": 12, "Deployment/other": 0})
    expected = MANIFEST.replace("replicas: 2   #", "replicas: 12   #").replace("replicas: 1,", "replicas: 0,")
    assert changed == expected


def test_an_empty_manifest_stays_empty() -> None:
    assert kept_replicas.with_replicas("", {"Deployment/web": 1}) == ""


def test_helm_4_finds_a_plugin_that_runs_this_interpreter(tmp_path: Path) -> None:
    kept_replicas.write_plugin(tmp_path, sys.executable)
    kept_replicas.write_plugin(tmp_path, sys.executable)
    declared = json.loads((tmp_path / "plugins" / kept_replicas.PLUGIN / "plugin.yaml").read_text())
    (how,) = declared["runtimeConfig"]["platformCommand"]
    ended = subprocess.run(
        [how["command"], *how["args"], kept_replicas.argument({"Deployment/web": 5})],
        input=MANIFEST.encode(),
        capture_output=True,
        check=True,
    )
    assert ended.stdout.decode() == MANIFEST.replace("replicas: 2   #", "replicas: 5   #")
