"""What the fuzzer runs: each target makes a random input and checks the laws that hold for it.

Invariant: a check raises exactly when a law is broken; the errors that bad input may cause are expected by name.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

import chart_inputs as inputs
import orjson

from platz.charts.chart import read_chart
from platz.charts.documents.actions import parse_actions
from platz.charts.documents.chart_metadata import parse_chart_metadata
from platz.charts.documents.features import parse_features
from platz.charts.documents.resource_types import parse_resource_types, stored_resource_types
from platz.charts.documents.status_document import parse_status
from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.patterns import InvalidPattern, compile_pattern
from platz.charts.reading.decimals import decimal_text
from platz.charts.reading.problems import InvalidDocument
from platz.charts.reading.syntax import lines_of, read_json_file, read_yaml_file
from platz.charts.rendering.conditions import rule_holds
from platz.charts.rendering.dependencies import uses
from platz.charts.rendering.item_rows import CollectionRows
from platz.charts.rendering.output_paths import ValuesTree
from platz.charts.rendering.outputs import render_secrets, render_values
from platz.charts.rendering.rendering_errors import RenderingFailed

ENV_ID = UUID("e0000000-0000-4000-8000-000000000001")


def fuzz_archive(archive: bytes) -> None:
    chart = read_chart(archive)
    orjson.dumps(
        [
            chart.values_ui,
            chart.actions_schema,
            chart.features,
            chart.resource_types,
            chart.error,
            chart.warnings,
        ]
    )
    if chart.error is None and chart.metadata is None:
        raise AssertionError("a chart without error has metadata")


def fuzz_yaml(text: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    _allowing(InvalidDocument, lambda: orjson.dumps(read_yaml_file(content).value))
    _allowing(InvalidDocument, lambda: parse_chart_metadata(content))
    lines_of(content)


def fuzz_json(text: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    _allowing(InvalidDocument, lambda: orjson.dumps(read_json_file(content)))
    lines_of(content)


def fuzz_document(document: Any) -> None:
    for parse, store in (
        (parse_ui_schema, lambda schema: schema.stored()),
        (parse_features, lambda features: features.stored()),
        (parse_actions, lambda actions: actions.stored()),
        (parse_resource_types, stored_resource_types),
    ):
        _allowing(InvalidDocument, lambda parse=parse, store=store: _store_twice(parse, store, document))
    _allowing(InvalidDocument, lambda: parse_status(document))


def fuzz_rule(case: tuple[Any, Any]) -> None:
    rule_holds(*case)


def fuzz_rendering(case: tuple[Any, Any]) -> None:
    document, config = case
    try:
        schema = parse_ui_schema(document)
    except InvalidDocument:
        return
    before = orjson.dumps(config)
    rendering: dict[str, Any] = {"env_id": ENV_ID, "config": config, "collections": CollectionRows()}
    _allowing(RenderingFailed, lambda: orjson.dumps(render_values(schema, **rendering)))
    _allowing(RenderingFailed, lambda: orjson.dumps(render_secrets(schema, **rendering)))
    uses(schema, config, collection="deployments", item_id=ENV_ID)
    if orjson.dumps(config) != before:
        raise AssertionError("rendering changes nothing in the config")


def fuzz_paths(writes: list[tuple[list[str], Any]]) -> None:
    tree = ValuesTree()
    _allowing(RenderingFailed, lambda: [tree.write(path, value) for path, value in writes])
    orjson.dumps(tree.root)


def fuzz_pattern(case: tuple[str, str]) -> None:
    pattern, text = case
    _allowing(InvalidPattern, lambda: compile_pattern(pattern, flags="").search(text))
    _allowing(InvalidPattern, lambda: compile_pattern(pattern, flags="ix").search(text))


def fuzz_decimal(value: Any) -> None:
    written = decimal_text(value)
    if written is not None and decimal_text(written) != written:
        raise AssertionError("a written decimal reads as itself")


Target = tuple[Callable[[Random], Any], Callable[[Any], None]]
TARGETS: dict[str, Target] = {
    "archive": (inputs.archive, fuzz_archive),
    "yaml": (inputs.yaml_text, fuzz_yaml),
    "json": (inputs.json_text, fuzz_json),
    "document": (inputs.mutated_document, fuzz_document),
    "rule": (lambda random: (inputs.rule(random), inputs.json_value(random)), fuzz_rule),
    "growing-rule": (lambda random: (inputs.growing_rule(random), {}), fuzz_rule),
    "rendering": (
        lambda random: (inputs.mutated_document(random), inputs.json_value(random)),
        fuzz_rendering,
    ),
    "paths": (
        lambda random: [
            ([random.choice(inputs.WORDS) for _ in range(random.randrange(6))], inputs.json_value(random, 2))
            for _ in range(random.randrange(12))
        ],
        fuzz_paths,
    ),
    "pattern": (
        lambda random: (inputs.pattern(random), "".join(random.choices("ab1 é-", k=50))),
        fuzz_pattern,
    ),
    "decimal": (
        lambda random: random.choice(
            [
                "".join(random.choices("0123456789._eE+-", k=random.randrange(40))),
                inputs.json_value(random, 0),
            ]
        ),
        fuzz_decimal,
    ),
}


def _allowing(allowed: type[Exception], run: Callable[[], object]) -> None:
    with suppress(allowed):
        run()


def _store_twice(parse: Callable[[Any], Any], store: Callable[[Any], Any], document: Any) -> None:
    stored = store(parse(document))
    if orjson.dumps(store(parse(stored))) != orjson.dumps(stored):
        raise AssertionError("a stored document reads as itself")
