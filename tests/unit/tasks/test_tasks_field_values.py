"""A field that the server names is found in an object."""

from __future__ import annotations

import pytest

from platz.json import JsonObject, JsonValue
from platz.tasks.releasing.field_values import value_at

OBJECT: JsonObject = {
    "metadata": {"labels": {"example.com/tier": "front", "example": "short"}, "finalizers": ["a/b"]},
    "spec": {
        "replicas": 2,
        "ports": [{"port": 80, "name": "http"}, {"port": 80, "protocol": "UDP", "name": "dns"}],
        "containers": [{"name": "a.b", "image": "ok:1", "args": ["one", "two"]}],
    },
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (".spec.replicas", 2),
        (".metadata.labels.example.com/tier", "front"),
        (".metadata.labels.example", "short"),
        ('.metadata.finalizers[="a/b"]', "a/b"),
        ('.spec.containers[name="a.b"].image', "ok:1"),
        ('.spec.containers[name="a.b"].args[1]', "two"),
        ('.spec.containers[name="a.b"].args[7]', None),
        ('.spec.ports[port=80,protocol="TCP"].name', "http"),
        ('.spec.ports[port=80,protocol="UDP"].name', "dns"),
        ('.spec.ports[port=81,protocol="UDP"].name', None),
        (".spec.absent.deeper", None),
        (".spec.replicas.deeper", None),
        ("", OBJECT),
    ],
)
def test_the_value_at_a_field(field: str, value: JsonValue) -> None:
    assert value_at(OBJECT, field) == value
