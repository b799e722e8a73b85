"""The JSON Schema of a chart's values: as much of JSON Schema as charts' ``values.schema.json`` use.

Invariant: regular expressions take linear time, and nothing is fetched. Helm, which judges again, has the last word.

The package ``jsonschema``, with which the tests compare this one, does not serve here: nothing bounds its work, its
patterns are Python's (another dialect than Helm's, and exponential in the worst case), and its errors do not tell
two keys that are not allowed apart.

Source: JSON Schema drafts 4 to 2020-12; Helm, "Schema Files".
"""

from __future__ import annotations

from platz.charts.values.list_keywords import LIST_KEYWORDS
from platz.charts.values.object_keywords import OBJECT_KEYWORDS
from platz.charts.values.schema_judgement import Budget, Case, SchemaJudge, Violation, as_list
from platz.charts.values.value_keywords import VALUE_KEYWORDS
from platz.json import JsonValue


def _ref(case: Case, reference: JsonValue) -> list[Violation]:
    return case.by(case.judge.resolve(reference))


def _all_of(case: Case, schemas: JsonValue) -> list[Violation]:
    return [violation for schema in as_list(schemas) for violation in case.by(schema)]


def _any_of(case: Case, schemas: JsonValue) -> list[Violation]:
    return [] if any(not case.by(schema) for schema in as_list(schemas)) else case.wrong("anyOf")


def _one_of(case: Case, schemas: JsonValue) -> list[Violation]:
    return [] if sum(not case.by(schema) for schema in as_list(schemas)) == 1 else case.wrong("oneOf")


def _not(case: Case, schema: JsonValue) -> list[Violation]:
    return [] if case.by(schema) else case.wrong("not")


def _if(case: Case, condition: JsonValue) -> list[Violation]:
    return case.by(case.schema.get("else" if case.by(condition) else "then"))


_KEYWORDS = {
    "$ref": _ref,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    **VALUE_KEYWORDS,
    **LIST_KEYWORDS,
    **OBJECT_KEYWORDS,
}


def judge_of(schema: JsonValue, budget: Budget | None = None) -> SchemaJudge:
    """Return the judge of a schema."""
    return SchemaJudge(schema, _KEYWORDS, budget)
