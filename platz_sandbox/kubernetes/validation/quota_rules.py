"""The rules of ResourceQuotas and LimitRanges.

Source: Kubernetes API reference, ResourceQuotaSpec and LimitRangeItem.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import not_negative, text_of
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_COUNTED = frozenset({
    "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps",
    "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
})  # fmt: skip
_AMOUNTS = frozenset({
    "cpu", "memory", "ephemeral-storage", "storage", "requests.cpu", "requests.memory", "requests.storage",
    "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage",
})  # fmt: skip
_SCOPES = frozenset({
    "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
})  # fmt: skip
_OPPOSITES = (frozenset({"BestEffort", "NotBestEffort"}), frozenset({"Terminating", "NotTerminating"}))


def _hard(place: Place) -> Causes:
    for name, quantity in place.entries():
        yield from (quantity.invalid(told, shown=name) for told in formats.qualified_name(name))
        if (
            "/" not in name
            and name not in _COUNTED | _AMOUNTS
            and not name.startswith(("hugepages-", "requests."))
        ):
            if not formats.qualified_name(name):
                yield quantity.invalid("must be a standard resource type or fully qualified", shown=name)
            yield quantity.invalid("must be a standard resource for quota", shown=name)
        yield from not_negative(quantity)
        if name in _COUNTED and amount(quantity.value) % 1:
            yield quantity.invalid("must be an integer", shown=str(quantity.value))


def _scopes(place: Place) -> Causes:
    scopes = place.at("scopes")
    chosen: set[str] = set(scopes.elements)
    if not chosen <= _SCOPES:
        yield scopes.invalid("unsupported scope")
    elif any(pair <= chosen for pair in _OPPOSITES):
        yield scopes.invalid("conflicting scopes")
    elif "BestEffort" in chosen and place.at("hard").fields.keys() - {"pods"}:
        yield scopes.invalid("unsupported scope applied to resource")


QUOTA = table(row("spec.hard", _hard), row("spec", _scopes))


def _limits(place: Place) -> Causes:
    seen: set[str] = set()
    for item in place.items():
        kind = item.at("type")
        if not kind.missing and kind.value in seen:
            yield kind.duplicate()
        seen.add(kind.value)
        yield from text_of(formats.qualified_name)(kind)
        if kind.value == "Pod":
            yield from (item.at(name).forbidden("may not be specified when `type` is 'Pod'")
                        for name in ("default", "defaultRequest") if not item.at(name).missing)  # fmt: skip
        if kind.value == "PersistentVolumeClaim" and not _has_storage(item):
            told = "either minimum or maximum storage value is required, but neither was provided"
            yield item.at("limits").required(told)
        yield from _bounds(item)


def _has_storage(item: Place) -> bool:
    return any("storage" in item.at(name).fields for name in ("min", "max"))


def _bounds(item: Place) -> Causes:
    sides = ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio")
    for name in sorted({name for side in sides for name in item.at(side).fields}):
        least, most, limit, request, ratio = (item.at(side).key(name) for side in sides)
        for told, shown, low, high, words in (
            (least, least, least, most, "min value {} is greater than max value {}"),
            (request, request, least, request, "min value {} is greater than default request value {}"),
            (request, request, request, most, "default request value {} is greater than max value {}"),
            (
                request,
                request,
                request,
                limit,
                "default request value {} is greater than default limit value {}",
            ),
            (limit, least, least, limit, "min value {} is greater than default value {}"),
            (limit, most, limit, most, "default value {} is greater than max value {}"),
        ):
            if _above(low.value, high.value):
                yield told.invalid(words.format(low.value, high.value), shown=str(shown.value))
        if ratio.value is not None and amount(ratio.value) < Decimal(1):
            yield ratio.invalid(f"ratio {ratio.value} is less than 1", shown=str(ratio.value))


def _above(low: Any, high: Any) -> bool:
    return low is not None and high is not None and amount(low) > amount(high)


LIMITS = table(row("spec.limits", _limits))
