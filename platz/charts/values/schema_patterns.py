"""The regular expressions of a JSON Schema, of the same dialect as Helm's."""

from __future__ import annotations

from platz.charts.patterns import InvalidPattern, compile_pattern
from platz.charts.values.schema_judgement import Case, width


def matches(case: Case, pattern: str, text: str) -> bool:
    """Search with the same kind of regular expression as Helm; an invalid one matches nothing."""
    case.judge.spend(1 + width(text))
    try:
        return compile_pattern(pattern).search(text) is not None
    except InvalidPattern:
        return False
