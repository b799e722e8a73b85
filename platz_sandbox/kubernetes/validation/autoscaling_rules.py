"""The rules of HorizontalPodAutoscalers and PodDisruptionBudgets.

Source: Kubernetes API reference, autoscaling/v2 and policy/v1.
"""

from __future__ import annotations

from collections.abc import Mapping

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.validation.checks import (
    at_least,
    at_most_all,
    label_selector,
    one_of,
    required,
    whole_number_or_percent,
)
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_SOURCES: Mapping[str, str] = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
_HOUR = 3600


def _bounds(place: Place) -> Causes:
    least, most = place.at("minReplicas"), place.at("maxReplicas")
    if least.value is not None and least.value < 1:
        yield least.invalid("must be greater than or equal to 1")
    if (most.value or 0) < 1:
        yield most.required("must be set and greater than 0")
    if least.value is not None and (most.value or 0) < least.value:
        yield most.invalid("must be greater than or equal to `minReplicas`", shown=most.value or 0)
    if least.value == 0 and not any(
        item.fields.get("type") in {"Object", "External"} for item in place.at("metrics").items()
    ):
        told = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield place.at("metrics").forbidden(told)


def _target_reference(place: Place) -> Causes:
    for name in ("kind", "name"):
        yield from required(place.at(name))
    version = place.at("apiVersion")
    if "/" not in str(version.value or "") and version.value != "v1":
        yield version.invalid("apiVersion must specify API group", shown=version.value or "")


def _metric(place: Place) -> Causes:
    kind = place.at("type")
    if kind.missing:
        yield kind.required("must specify a metric source type")
        return
    if kind.value not in _SOURCES:
        yield kind.unsupported(_SOURCES)
        return
    chosen = _SOURCES[kind.value]
    if place.at(chosen).value is None:
        yield place.at(chosen).required("must populate information for the given metric source")
    for other in _SOURCES.values():
        if other != chosen and place.at(other).value is not None:
            yield place.at(other).forbidden("must populate the given metric source only")
    if kind.value in {"Resource", "ContainerResource"} and place.at(chosen).value is not None:
        yield from _resource_metric(place.at(chosen))


def _resource_metric(place: Place) -> Causes:
    yield from required(place.at("name"))
    target = place.at("target")
    kind, share, value = target.at("type"), target.at("averageUtilization"), target.at("averageValue")
    if kind.value not in {"Utilization", "Value", "AverageValue"}:
        yield kind.invalid("must be either Utilization, Value, or AverageValue")
    if share.value is not None and share.value < 1:
        yield share.invalid("must be greater than 0")
    if value.value is not None and amount(value.value) <= 0:
        yield value.invalid("must be positive", shown=str(value.value))
    if share.value is None and value.value is None:
        yield share.required("must set either a target raw value or a target utilization")


_SCALING = table(
    row("stabilizationWindowSeconds", at_least(0, "must be greater than or equal to zero")),
    row("stabilizationWindowSeconds", lambda place: (
        [place.invalid(f"must be less than or equal to {_HOUR}")] if (place.value or 0) > _HOUR else [])),
    row("selectPolicy", one_of("Disabled", "Max", "Min")),
    row("policies[*].type", one_of("Percent", "Pods")),
    row("policies[*].value", at_least(1, "must be greater than zero")),
    row("policies[*].periodSeconds", at_least(1, "must be greater than zero")),
    row("policies[*].periodSeconds", lambda place: (
        [place.invalid("must be less than or equal to 1800")] if (place.value or 0) > 1800 else [])),
)  # fmt: skip
AUTOSCALER = table(
    row("spec", _bounds),
    row("spec.scaleTargetRef", _target_reference),
    row("spec.metrics[*]", _metric),
    row("spec.behavior.scaleUp", _SCALING),
    row("spec.behavior.scaleDown", _SCALING),
)


def _one_bound(place: Place) -> Causes:
    least, most = place.fields.get("minAvailable"), place.fields.get("maxUnavailable")
    if least is not None and most is not None:
        shown = {"MinAvailable": least, "Selector": place.fields.get("selector"), "MaxUnavailable": most,
                 "UnhealthyPodEvictionPolicy": place.fields.get("unhealthyPodEvictionPolicy")}  # fmt: skip
        yield place.invalid("minAvailable and maxUnavailable cannot be both set", shown=shown)


BUDGET = table(
    row("spec", _one_bound),
    row("spec.minAvailable", whole_number_or_percent, at_most_all),
    row("spec.maxUnavailable", whole_number_or_percent, at_most_all),
    row("spec.selector", label_selector),
    row("spec.unhealthyPodEvictionPolicy", one_of("AlwaysAllow", "IfHealthyBudget")),
)
