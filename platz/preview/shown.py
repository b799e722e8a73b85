"""Inputs, override and values of two sides, as the API tells their differences.

Source: docs/contract/http-api.md, "Comparing revisions".
"""

from __future__ import annotations

from platz.charts.rendering.confidential import input_texts
from platz.json import JsonObject, JsonValue
from platz.preview.differences import differences, told
from platz.preview.masking import Masking, hidden_keys
from platz.preview.rendered_values import Rendered, Wanted
from platz.tasks import sensitive_inputs


def secret_inputs(before: Wanted, after: Wanted) -> frozenset[str]:
    """Return the ids of the inputs that either chart marks as sensitive, or that either side stores encrypted."""
    marked = sensitive_inputs.of_chart(before.form) | sensitive_inputs.of_chart(after.form)
    return marked | before.encrypted | after.encrypted


def secret_texts(before: Wanted, after: Wanted) -> frozenset[str]:
    """Return what both sides hold in those inputs, which may stand in values and objects, too."""
    ids = secret_inputs(before, after)
    return input_texts(before.inputs, ids) | input_texts(after.inputs, ids)


def shown_inputs(before: Wanted, after: Wanted, masking: Masking, cut: list[str]) -> JsonValue:
    """Return the differences of the inputs, with the secret ones hidden."""
    old, new = hidden_keys(before.inputs, after.inputs, secret_inputs(before, after))
    return shown_pair("inputs", old, new, masking, cut)


def shown_values(before: Rendered, after: Rendered, masking: Masking, cut: list[str]) -> JsonObject:
    """Return the differences of the values, or why there are none to show."""
    problem = before.problem or after.problem
    if problem is not None:
        return {"values": None, "values_problem": masking.text(problem)}
    return {
        "values": shown_pair("values", before.values, after.values, masking, cut),
        "values_problem": None,
    }


def shown_pair(
    subject: str, before: JsonValue, after: JsonValue, masking: Masking, cut: list[str]
) -> JsonValue:
    """Return the differences of two documents with secrets hidden."""
    return told(differences(*masking.pair(before, after)), subject, cut)
