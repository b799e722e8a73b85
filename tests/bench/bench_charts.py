"""How fast charts are read and values rendered, beside the floor that no implementation can beat."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from platz.charts.chart import read_chart
from platz.charts.collection_rows import CollectionRows
from platz.charts.rendering import render_secrets, render_values
from platz.charts.ui_schema_reading import parse_ui_schema

_ENV = UUID(int=1)
_INPUTS = 20


def measure() -> list[tuple[str, str]]:
    """Return what was measured, in words, and its result."""
    yaml_chart, json_chart = _archive(yaml=True), _archive(yaml=False)
    form, config = _form(), {f"input{n}": f"value {n}" for n in range(_INPUTS)}
    stored = orjson.dumps(parse_ui_schema(form).stored())

    def render() -> None:
        schema = parse_ui_schema(orjson.loads(stored))
        render_values(schema, env_id=_ENV, config=config, collections=CollectionRows())
        render_secrets(schema, env_id=_ENV, config=config, collections=CollectionRows())

    yaml_rate, json_rate = _rate(lambda: read_chart(yaml_chart)), _rate(lambda: read_chart(json_chart))
    tar_rate = _rate(lambda: _read_tar(json_chart))
    render_rate, loads_rate = _rate(render), _rate(lambda: orjson.loads(stored))
    return [
        (
            f"charts read a second, YAML files, a form of {_INPUTS} inputs",
            _line(yaml_rate, tar_rate, "reading the tar alone"),
        ),
        (
            f"charts read a second, JSON files, a form of {_INPUTS} inputs",
            _line(json_rate, tar_rate, "reading the tar alone"),
        ),
        (
            "values and secrets rendered a second, from the stored form",
            _line(render_rate, loads_rate, "loading its JSON alone"),
        ),
    ]


def _line(rate: float, floor: float, what: str) -> str:
    return f"{rate:,.0f} ({floor / rate:,.0f} times the cost of {what})"


def _rate(run: Callable[[], object], *, seconds: float = 1.0) -> float:
    run()
    started, times = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        run()
        times += 1
    return times / (time.perf_counter() - started)


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


def _archive(*, yaml: bool) -> bytes:
    name = "platz/values-ui.yaml" if yaml else "values.ui.json"
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


if __name__ == "__main__":
    for what, result in measure():
        print(f"{what}: {result}")
