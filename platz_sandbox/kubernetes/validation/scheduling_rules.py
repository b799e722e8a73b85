"""The rules of where a Pod may run: node selectors, affinity, tolerations, topology spread.

Source: Kubernetes API reference, PodSpec (Scheduling).
"""

from __future__ import annotations

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import (
    at_least,
    between,
    label_selector,
    labels,
    one_of,
    required,
    required_because,
    text_of,
    text_or_empty_of,
)
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_REQUIRED, _PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_TOPOLOGY = required_because("can not be empty")


def _node_rule(place: Place) -> Causes:
    operator, values = place.at("operator"), place.at("values")
    count = len(values.value or [])
    match operator.value:
        case "In" | "NotIn":
            if not count:
                yield values.required("must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if count:
                yield values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case "Gt" | "Lt":
            if count != 1:
                yield values.required("must be specified single value when `operator` is 'Lt' or 'Gt'")
        case _:
            yield operator.invalid("not a valid selector operator", shown=operator.value or "")
    yield from (place.at("key").invalid(told) for told in formats.qualified_name(place.at("key").value or ""))


_NODE_TERM = table(row("matchExpressions[*]", _node_rule))


def _terms(place: Place) -> Causes:
    if place.value is not None and place.at("nodeSelectorTerms").missing:
        yield place.at("nodeSelectorTerms").required("must have at least one node selector term")


_POD_TERM = table(
    row("labelSelector", label_selector),
    row("namespaceSelector", label_selector),
    row("topologyKey", _TOPOLOGY, text_or_empty_of(formats.qualified_name)),
)
_weight = between(1, 100, "must be in the range 1-100")
_POD_AFFINITY = table(
    row(f"{_REQUIRED}[*]", _POD_TERM),
    row(f"{_PREFERRED}[*].weight", _weight),
    row(f"{_PREFERRED}[*].podAffinityTerm", _POD_TERM),
)
AFFINITY = table(
    row(f"nodeAffinity.{_REQUIRED}", _terms),
    row(f"nodeAffinity.{_REQUIRED}.nodeSelectorTerms[*]", _NODE_TERM),
    row(f"nodeAffinity.{_PREFERRED}[*].weight", _weight),
    row(f"nodeAffinity.{_PREFERRED}[*].preference", _NODE_TERM),
    row("podAffinity", _POD_AFFINITY),
    row("podAntiAffinity", _POD_AFFINITY),
)


def _toleration(place: Place) -> Causes:
    key, operator, value = place.at("key"), place.at("operator"), place.at("value")
    if key.missing and operator.value != "Exists":
        told = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield operator.invalid(told, shown=operator.value or "")
    if operator.value == "Exists" and not value.missing:
        yield operator.invalid("value must be empty when `operator` is 'Exists'", shown=value.value)
    if place.at("tolerationSeconds").value is not None and place.at("effect").value != "NoExecute":
        told = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield place.at("effect").invalid(told, shown=place.at("effect").value or "")


TOLERATION = table(
    row("key", text_of(formats.qualified_name)),
    row("operator", one_of("Equal", "Exists")),
    row("effect", one_of(*_EFFECTS)),
    row("", _toleration),
)


def _unique_constraints(place: Place) -> Causes:
    seen: set[tuple[str, str]] = set()
    for item in place.items():
        pair = (str(item.fields.get("topologyKey")), str(item.fields.get("whenUnsatisfiable")))
        if pair in seen:
            first = Place(
                value=None, path=f"{place.path}[0].{{topologyKey, whenUnsatisfiable}}", root=place.root
            )
            yield first.duplicate(shown="{" + ", ".join(pair) + "}")
        seen.add(pair)


SPREAD = table(
    row("", _unique_constraints),
    row("[*].maxSkew", at_least(1, "must be greater than zero")),
    row("[*].topologyKey", _TOPOLOGY),
    row("[*].whenUnsatisfiable", required, one_of("DoNotSchedule", "ScheduleAnyway")),
    row("[*].labelSelector", label_selector),
)
NODE_SELECTOR = labels
