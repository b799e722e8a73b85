"""Evaluating parsed rules within a budget.

Invariant: evaluation ends after a bounded amount of work, however a rule multiplies its data (``reduce`` can
double a text or a list with every element); a rule that uses up the budget counts as invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from platz.charts.jsonlogic.rules import NULL, Constant, InvalidRule, Rule
from platz.charts.reading.json_text import exceeds_nesting, weight
from platz.json import JsonValue

MAX_STEPS = 500_000
"""Evaluated rules, plus what the lists and texts that operators handle weigh."""


class Budget:
    """What the conditions of one rendering may still cost together."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Raise `InvalidRule` when nothing is left."""
        self._left -= steps
        if self._left < 0:
            raise InvalidRule("The rule takes too much work.")

    def spend_on(self, value: JsonValue) -> None:
        """Pay for handling a value; raise `InvalidRule` also when it nests too deep."""
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
    """The data that a rule sees, and what its evaluation may cost."""

    __slots__ = ("_operators", "budget", "data")

    def __init__(self, data: JsonValue, budget: Budget, operators: Mapping[str, Operator]) -> None:
        self.data = data
        self.budget = budget
        self._operators = operators

    def value(self, rule: Rule) -> JsonValue:
        """Evaluate one rule here; raise `InvalidRule`."""
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
        """Evaluate an argument; a missing one is null."""
        return self.value(arguments[position] if position < len(arguments) else NULL)

    def inside(self, data: JsonValue) -> Scope:
        """Return the scope in which the data is something else."""
        return Scope(data, self.budget, self._operators)


Operator: TypeAlias = Callable[[Scope, Sequence[Rule]], JsonValue]
