"""The evaluation of parsed rules within a budget.

Invariant: evaluation ends after a bounded amount of work, even if a rule multiplies its data (``reduce`` can double a
text or a list with every element). A rule that exceeds the budget counts as invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from platz.charts.jsonlogic.rules import NULL, Constant, InvalidRule, Rule
from platz.charts.reading.json_text import exceeds_nesting, weight
from platz.json import JsonValue

MAX_STEPS = 500_000
"""Steps: one for each evaluated rule, plus the weight of the lists and texts that rules evaluate to."""


class RuleTooCostly(InvalidRule):
    """The rule takes too much work."""


class Budget:
    """The steps that the conditions of one rendering may still take together."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take steps from the budget; raise `RuleTooCostly` if it is exceeded."""
        self._left -= steps
        if self._left < 0:
            raise RuleTooCostly("The rule takes too much work.")

    def spend_on(self, value: JsonValue) -> None:
        """Take the cost of a value from the budget; raise `InvalidRule` if it is exceeded or a list nests too deep."""
        match value:
            case str():
                self.spend(len(value) // 16)
            case list():
                self.spend(weight(value, limit=self._left))
                if exceeds_nesting(value):
                    raise InvalidRule("The rule makes lists that nest too deep.")
            case _:
                pass


class Scope:
    """The data that a rule sees, and the budget of its evaluation."""

    __slots__ = ("_operators", "budget", "data")

    def __init__(self, data: JsonValue, budget: Budget, operators: Mapping[str, Operator]) -> None:
        self.data = data
        self.budget = budget
        self._operators = operators

    def value(self, rule: Rule) -> JsonValue:
        """Evaluate one rule in this scope; raise `InvalidRule`."""
        self.budget.spend(1)
        result = (
            rule.value if isinstance(rule, Constant) else self._operators[rule.operator](self, rule.arguments)
        )
        self.budget.spend_on(result)
        return result

    def values(self, rules: Sequence[Rule]) -> list[JsonValue]:
        """Evaluate rules from left to right."""
        return [self.value(rule) for rule in rules]

    def argument(self, arguments: Sequence[Rule], position: int) -> JsonValue:
        """Evaluate the argument at this position; a missing one is null."""
        return self.value(arguments[position] if position < len(arguments) else NULL)

    def inside(self, data: JsonValue) -> Scope:
        """Return a scope with other data and the same budget."""
        return Scope(data, self.budget, self._operators)


Operator: TypeAlias = Callable[[Scope, Sequence[Rule]], JsonValue]
