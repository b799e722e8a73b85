"""The visibility of inputs for a config.

Invariant: ``showIf`` takes precedence over ``showIfAll``. A valid rule shows its input only if the result is the
boolean ``true``; a hidden input does not hide others.

Source: docs/contract/chart-extensions.md, "Visibility of inputs".
"""

from __future__ import annotations

from platz.charts.documents.ui_schema import Input
from platz.charts.jsonlogic.evaluation import Budget
from platz.charts.jsonlogic.operators import evaluate, parse
from platz.charts.jsonlogic.rules import InvalidRule
from platz.json import JsonObject, JsonValue, json_equal


def visible(declared: Input, config: JsonObject, budget: Budget | None = None) -> bool:
    """Tell whether the input is visible; ``budget`` is shared by all conditions of one rendering."""
    if declared.show_if is not None:
        return rule_holds(declared.show_if, config, budget)
    if declared.show_if_all is not None:
        return all(
            entry.field in config and json_equal(config[entry.field], entry.value)
            for entry in declared.show_if_all
        )
    return True


def rule_holds(rule: JsonValue, data: JsonValue, budget: Budget | None = None) -> bool:
    """Tell whether a JsonLogic rule is valid and its result is the boolean ``true``."""
    try:
        return evaluate(parse(rule), data, budget or Budget()) is True
    except InvalidRule:
        return False
