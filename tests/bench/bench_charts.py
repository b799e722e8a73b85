"""How fast charts are read and values rendered, beside the floor that no implementation can beat."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from figures import Figure, per_second

from platz.charts.chart import read_chart
from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.rendering.item_rows import CollectionRows
from platz.charts.rendering.outputs import render_secrets, render_values

_ENV = UUID(int=1)
_INPUTS = 20


def measure() -> Iterator[Figure]:
    """Read archives with a form in both syntaxes, and render values and secrets from the stored form."""
    for syntax in ("YAML", "JSON"):
        archive = _archive(syntax)
        yield Figure(
            name=f"charts read, {syntax} files, {_INPUTS} inputs",
            value=per_second(lambda archive=archive: _discard(read_chart(archive)), times=30),
            unit="/s",
            floor=per_second(lambda archive=archive: _discard(_read_tar(archive)), times=100),
            floor_is="reading the tar alone",
        )
    stored = orjson.dumps(parse_ui_schema(_form()).stored())
    yield Figure(
        name=f"values and secrets rendered from a stored form, {_INPUTS} inputs",
        value=per_second(lambda: _render(stored), times=200),
        unit="/s",
        floor=per_second(lambda: _discard(orjson.loads(stored)), times=5000),
        floor_is="loading its JSON alone",
    )


def _render(stored: bytes) -> None:
    schema = parse_ui_schema(orjson.loads(stored))
    config = {f"input{n}": f"value {n}" for n in range(_INPUTS)}
    render_values(schema, env_id=_ENV, config=config, collections=CollectionRows())
    render_secrets(schema, env_id=_ENV, config=config, collections=CollectionRows())


def _discard(_result: object) -> None:
    """Only the time counts."""


def _form() -> dict[str, Any]:
    inputs = [
        {
            "id": f"input{n}",
            "type": "text",
            "label": f"Input {n}",
            "helpText": "What it is for, in a sentence that a person reads",
            "required": n % 2 == 0,
            "showIf": {"!==": [{"var": f"input{n - 1}"}, "hidden"]} if n else None,
        }
        for n in range(_INPUTS)
    ]
    values = [
        {"path": ["config", f"group{n % 4}", f"key{n}"], "value": {"FieldValue": {"input": f"input{n}"}}}
        for n in range(_INPUTS)
    ]
    secrets = {"login": {"PASSWORD": {"FieldValue": {"input": "input1"}}}}
    return {"inputs": inputs, "outputs": {"values": values, "secrets": secrets}}


def _archive(syntax: str) -> bytes:
    name = "platz/values-ui.yaml" if syntax == "YAML" else "values.ui.json"
    files = {
        "Chart.yaml": b"apiVersion: v2\nname: shop\nversion: 1.2.3\n",
        name: orjson.dumps(_form(), option=orjson.OPT_INDENT_2),
    }
    files |= {f"templates/part{n}.yaml": b"kind: ConfigMap\n" * 200 for n in range(20)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(f"shop/{path}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue())


def _read_tar(archive: bytes) -> int:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        return sum(len(content.read()) for member in tar if (content := tar.extractfile(member)))
