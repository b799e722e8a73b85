"""Keeps the replicas that an autoscaler has chosen: Helm renders the chart, this post-renderer puts the number in.

Helm runs `python -m platz.helm.kept_replicas REPLICAS` between rendering and applying, with the manifest on standard
input. Leaving the field out would not do: a server that applies a manifest without a field that Helm set before resets
the field.
Invariant: nothing but the value of `spec.replicas` of the named objects differs between input and output.

Source: Helm's documentation of post-renderers, and of plugins of type `postrenderer/v1` for Helm 4.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_yaml: Any = yaml  # its nodes carry no types

PLUGIN = "platz-kept-replicas"
"""The name by which Helm 4 finds the plugin."""


def write_plugin(data_home: Path, python: str) -> None:
    """Write what Helm 4 needs to find the plugin in its `HELM_DATA_HOME`."""
    program, *arguments = command(python)
    declaration = {
        "apiVersion": "v1",
        "type": "postrenderer/v1",
        "name": PLUGIN,
        "version": "1.0.0",
        "runtime": "subprocess",
        "runtimeConfig": {"platformCommand": [{"command": program, "args": arguments}]},
    }
    folder = data_home / "plugins" / PLUGIN
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plugin.yaml").write_text(json.dumps(declaration), encoding="utf-8")


def command(python: str) -> tuple[str, ...]:
    """Return the program with its first arguments; Helm 3 takes it as it is."""
    return python, "-m", "platz.helm.kept_replicas"


def argument(replicas: Mapping[str, int]) -> str:
    """Return the last argument, for example for ``{"Deployment/web": 5}``."""
    return json.dumps(dict(replicas))


def with_replicas(manifest: str, replicas: Mapping[str, int]) -> str:
    """Return the manifest with other numbers of replicas in the objects that set them at all."""
    pieces: list[str] = []
    copied = 0
    for start, end, number in _numbers(manifest, replicas):
        pieces += [manifest[copied:start], str(number)]
        copied = end
    return "".join([*pieces, manifest[copied:]])


def _numbers(manifest: str, replicas: Mapping[str, int]) -> Iterator[tuple[int, int, int]]:
    """Yield where each number begins and ends, and the one to put there, in the order of the text."""
    for document in _yaml.compose_all(manifest, Loader=_yaml.CSafeLoader):
        name = f"{_text(document, 'kind')}/{_text(document, 'metadata', 'name')}"
        node = _member(document, "spec", "replicas")
        if name in replicas and node is not None:
            yield node.start_mark.index, node.end_mark.index, replicas[name]


def _text(node: Any, *path: str) -> str:
    found = _member(node, *path)
    return str(found.value) if isinstance(found, yaml.ScalarNode) else ""


def _member(node: Any, *path: str) -> Any:
    for key in path:
        pairs: list[Any] = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return node


if __name__ == "__main__":
    rendered = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(with_replicas(rendered, json.loads(sys.argv[1])).encode())
