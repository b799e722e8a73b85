"""Charts as other people write them, which know nothing of Platz: their values and schemas, and what they can take.

Each entry of `FOREIGN_CHARTS` is the content of ``values.yaml``, the schema in ``values.schema.json`` (None if there is
none), and the top-level keys and members of `ingress` that Platz may add, besides those that it leaves out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

EVERYTHING = frozenset(
    {
        "platz",
        "shira",
        "nodeSelector",
        "tolerations",
        "ingress.enabled",
        "ingress.className",
        "ingress.hosts",
        "ingress.tls",
        "config",
    }
)
_CLOSED = {"type": "object", "additionalProperties": False}
_INGRESS = frozenset(name for name in EVERYTHING if name.startswith("ingress."))


@dataclass(frozen=True, kw_only=True)
class ForeignChart:
    """One chart: what it says about its values, and what Platz must leave out."""

    values: str = ""
    schema: Any = None
    left_out: frozenset[str] = frozenset()

    @property
    def files(self) -> dict[str, str]:
        """The two files."""
        schema = {} if self.schema is None else {"values.schema.json": json.dumps(self.schema)}
        return {"values.yaml": self.values, **schema}


FOREIGN_CHARTS: dict[str, ForeignChart] = {
    "silent": ForeignChart(),
    "strict": ForeignChart(
        values="replicas: 1\n",
        schema={**_CLOSED, "properties": {"replicas": {"type": "integer"}}},
        left_out=EVERYTHING,
    ),
    "boolean-tls": ForeignChart(
        values="ingress: {enabled: false, tls: false}\n",
        schema={
            "type": "object",
            "properties": {"ingress": {"type": "object", "properties": {"tls": {"type": "boolean"}}}},
        },
        left_out=frozenset({"ingress.tls"}),
    ),
    "boolean-tls-without-schema": ForeignChart(
        values="ingress: {tls: true}\n", left_out=frozenset({"ingress.tls"})
    ),
    "boolean-tls-without-default": ForeignChart(
        schema={"properties": {"ingress": {"properties": {"tls": {"type": "boolean"}}}}},
        left_out=frozenset({"ingress.tls"}),
    ),
    "config-is-a-list": ForeignChart(values="config: [{name: a}]\n", left_out=frozenset({"config"})),
    "config-is-text": ForeignChart(values="config: |\n  a = 1\n", left_out=frozenset({"config"})),
    "platz-is-text": ForeignChart(values="platz: main\n", left_out=frozenset({"platz"})),
    "ingress-is-a-flag": ForeignChart(values="ingress: true\n", left_out=_INGRESS),
    "ingress-is-closed": ForeignChart(
        values="ingress: {enabled: false, host: ''}\n",
        schema={
            "properties": {
                "ingress": {
                    **_CLOSED,
                    "properties": {"enabled": {"type": "boolean"}, "host": {"type": "string"}},
                }
            }
        },
        left_out=_INGRESS - {"ingress.enabled"},
    ),
    "closed-by-reference": ForeignChart(
        values="web: {replicas: 1}\nnodeSelector: {}\n",
        schema={
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$ref": "#/definitions/Values",
            "definitions": {
                "Values": {
                    **_CLOSED,
                    "properties": {
                        "web": {"type": "object"},
                        "nodeSelector": {"$ref": "#/definitions/Labels"},
                    },
                },
                "Labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        left_out=EVERYTHING - {"nodeSelector"},
    ),
    "names-by-pattern": ForeignChart(
        schema={**_CLOSED, "patternProperties": {"^(platz|ingress)$": {"type": "object"}}},
        left_out=frozenset({"shira", "nodeSelector", "tolerations", "config"}),
    ),
    "names-that-may-not-be": ForeignChart(
        schema={"propertyNames": {"pattern": "^[a-z]+$"}}, left_out=frozenset({"nodeSelector"})
    ),
    "hosts-are-text": ForeignChart(
        values="ingress: {hosts: [example.com]}\n", left_out=frozenset({"ingress.hosts"})
    ),
    "paths-are-text": ForeignChart(
        values='ingress: {hosts: [{host: example.com, paths: ["/"]}]}\n',
        left_out=frozenset({"ingress.hosts"}),
    ),
    "hosts-of-the-usual-form": ForeignChart(
        values="ingress: {hosts: [{host: a.b, paths: [{path: /, pathType: Prefix}]}], tls: []}\n"
    ),
    "selector-is-text": ForeignChart(values="nodeSelector: linux\n", left_out=frozenset({"nodeSelector"})),
    "empty-of-the-other-kind": ForeignChart(values="tolerations: {}\nnodeSelector: []\n"),
    "nulls": ForeignChart(values="platz:\ningress:\ntolerations: ~\nconfig: null\n"),
    "class-must-be-there": ForeignChart(
        values="ingress: {className: nginx}\n",
        schema={
            "properties": {
                "ingress": {"required": ["className"], "properties": {"className": {"type": "string"}}}
            }
        },
        left_out=frozenset({"ingress.className"}),
    ),
    "nothing-in-hosts": ForeignChart(
        schema={"properties": {"ingress": {"properties": {"hosts": {"type": "array", "maxItems": 0}}}}},
        left_out=frozenset({"ingress.hosts"}),
    ),
    "all-or-nothing": ForeignChart(
        schema={
            "properties": {
                "ingress": {
                    "oneOf": [
                        {**_CLOSED, "properties": {"enabled": {"type": "boolean"}}},
                        {**_CLOSED, "properties": {"url": {"type": "string"}}},
                    ]
                }
            }
        },
        left_out=_INGRESS - {"ingress.enabled"},
    ),
    "never": ForeignChart(
        schema={"not": {"anyOf": [{"required": ["platz"]}, {"required": ["shira"]}]}},
        left_out=frozenset({"platz", "shira"}),
    ),
    "unevaluated": ForeignChart(
        schema={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [{"properties": {"config": {"type": "object"}}}],
            "properties": {"tolerations": {"type": "array"}},
            "unevaluatedProperties": False,
        },
        left_out=EVERYTHING - {"config", "tolerations"},
    ),
    "few": ForeignChart(schema={"maxProperties": 1}, left_out=EVERYTHING - {"platz"}),
    "if-then": ForeignChart(
        values="cloud: false\n",
        schema={
            "if": {"properties": {"cloud": {"const": True}}},
            "then": {},
            "else": {"properties": {"tolerations": False}},
        },
        left_out=frozenset({"tolerations"}),
    ),
    "already-wrong": ForeignChart(
        values="replicas: many\n",
        schema={"properties": {"replicas": {"type": "integer"}}},
    ),
}
