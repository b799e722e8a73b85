"""The generator of `types.json`: the fields of the served kinds, from the official client's generated models.

Run `python -m platz_sandbox.kubernetes.objects.shapes_build` after the `kubernetes` package or the table of kinds
changed. The form is `{TYPE: {FIELD: REFERENCE}}`; a reference is a type's name, `[X]` a list, or `{X}` a map; a leading
`!` marks a required field.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import orjson

from platz_sandbox.kubernetes.objects.served_kinds import BUILT_IN

TARGET = Path(__file__).with_name("types.json")
_EXTRA = ("V1DeleteOptions", "V1Scale", "V1Eviction")
_SCALARS = {"str": "string", "int": "integer", "bool": "boolean", "float": "number", "datetime": "time",
            "bytes": "bytes", "object": "any",
            "V1JSONSchemaProps": "any"}  # fmt: skip  # its fields are JSON Schema's, not Kubernetes'
_QUANTITIES = {
    "V1ResourceRequirements": ("limits", "requests"),
    "V1VolumeResourceRequirements": ("limits", "requests"),
    "V1LimitRangeItem": ("default", "defaultRequest", "max", "maxLimitRequestRatio", "min"),
    "V1ResourceQuotaSpec": ("hard",),
    "V1PersistentVolumeSpec": ("capacity",),
    "V1EmptyDirVolumeSource": ("sizeLimit",),
    "V1ResourceFieldSelector": ("divisor",),
    "V2MetricTarget": ("averageValue", "value"),
    "V1PodSpec": ("overhead",),
}  # Kubernetes quantities may be written as numbers; the client's models know only strings
_INT_OR_STRING = re.compile(r"int.*str|str.*int", re.DOTALL)


def main() -> None:
    """Collect every type that the served kinds refer to, and write the table."""
    models: Any = importlib.import_module("kubernetes.client.models")  # generated code without usable types
    table: dict[str, dict[str, str]] = {}
    waiting = [*(kind.schema for kind in BUILT_IN), *_EXTRA]
    while waiting:
        name = waiting.pop()
        if name not in table:
            table[name] = _fields(getattr(models, name))
            waiting += [leaf for ref in table[name].values() if (leaf := ref.strip("!{}[]"))[0].isupper()]
    TARGET.write_bytes(orjson.dumps(dict(sorted(table.items())), option=orjson.OPT_INDENT_2) + b"\n")


def _fields(model: Any) -> dict[str, str]:
    table: dict[str, str] = {}
    for name, json_name in model.attribute_map.items():
        field = model.model_fields.get(name) or _renamed(model, json_name)
        reference = _reference(model.openapi_types[name])
        if reference == "any" and _INT_OR_STRING.search(str(field.annotation)):
            reference = "int-or-string"
        if json_name in _QUANTITIES.get(model.__name__, ()):
            reference = reference.replace("string", "quantity")
        table[json_name] = ("!" if field.is_required() else "") + reference
    return table


def _renamed(model: Any, json_name: str) -> Any:
    """Find a field whose name differs in Python, as `schema` is reserved in pydantic."""
    return next(f for f in model.model_fields.values() if f.serialization_alias == json_name)


def _reference(declared: str) -> str:
    if inner := re.fullmatch(r"List\[(.*)\]", declared):
        return f"[{_reference(inner[1])}]"
    if inner := re.fullmatch(r"Dict\[str, (.*)\]", declared):
        return "{" + _reference(inner[1]) + "}"
    return _SCALARS.get(declared, declared)


if __name__ == "__main__":
    main()
