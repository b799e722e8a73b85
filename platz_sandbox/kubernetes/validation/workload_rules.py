"""The rules of Deployments, ReplicaSets, StatefulSets and DaemonSets.

Source: Kubernetes API reference, apps/v1.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.raw_documents import number
from platz_sandbox.kubernetes.objects.selectors import selects
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import (
    at_least,
    at_most_all,
    label_selector,
    text_of,
    whole_number_or_percent,
)
from platz_sandbox.kubernetes.validation.claim_rules import CLAIM_SPEC
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.pod_rules import pod_template
from platz_sandbox.kubernetes.validation.tables import Check, Row, row, table


def _selector(called: str) -> Check:
    def check(place: Place) -> Causes:
        if place.value is None:
            yield place.required()
        elif not place.fields.get("matchLabels") and not place.fields.get("matchExpressions"):
            yield place.invalid(f"empty selector is invalid for {called}")
        else:
            broken = list(label_selector(place))
            yield from broken
            if broken and called == "deployment":
                yield place.invalid("invalid label selector")

    return check


def _matching(place: Place) -> Causes:
    """The selector must select the template's Pods."""
    selector, found = place.at("selector"), place.at("template", "metadata", "labels")
    if selector.value == {} or list(label_selector(selector)):
        return
    if selector.value is None or not selects(selector.value, found.value or {}):
        yield found.invalid("`selector` does not match template `labels`")


def _always_restarts(place: Place) -> Causes:
    policy = place.at("restartPolicy")
    if (policy.value or "Always") != "Always":
        yield policy.unsupported(("Always",))
    deadline = place.at("activeDeadlineSeconds")
    if deadline.value is not None:
        yield deadline.forbidden("activeDeadlineSeconds in ReplicaSet is not Supported")


def _rows(called: str) -> tuple[Row, ...]:
    """Return the rows that all workloads share."""
    return (
        row("spec.replicas", at_least(0)),
        row("spec.selector", _selector(called)),
        row("spec", _matching),
        row("spec.template", pod_template),
        row("spec.template.spec", _always_restarts),
        row("spec.minReadySeconds", at_least(0)),
        row("spec.revisionHistoryLimit", at_least(0)),
    )


def _strategy(place: Place) -> Causes:
    kind, rolling = place.at("type"), place.at("rollingUpdate")
    if kind.value not in {None, "Recreate", "RollingUpdate"}:
        shown = {"Type": kind.value, "RollingUpdate": None}
        yield place.unsupported(("Recreate", "RollingUpdate"), shown=shown)
    elif kind.value == "Recreate" and rolling.value is not None:
        yield rolling.forbidden("may not be specified when strategy `type` is 'Recreate'")
    elif rolling.value is not None and _is_none(rolling, "maxSurge") and _is_none(rolling, "maxUnavailable"):
        yield rolling.at("maxUnavailable").invalid("may not be 0 when `maxSurge` is 0", shown=0)


def _is_none(place: Place, name: str) -> bool:
    return place.at(name).value in {0, "0%"}


def _progress_deadline(place: Place) -> Causes:
    deadline = place.at("progressDeadlineSeconds")
    if deadline.value is not None and deadline.value <= number(place.value, "minReadySeconds"):
        yield deadline.invalid("must be greater than minReadySeconds")


DEPLOYMENT = table(
    *_rows("deployment"),
    row("spec.progressDeadlineSeconds", at_least(0)),
    row("spec", _progress_deadline),
    row("spec.strategy", _strategy),
    row("spec.strategy.rollingUpdate.maxUnavailable", whole_number_or_percent, at_most_all),
    row("spec.strategy.rollingUpdate.maxSurge", whole_number_or_percent),
)
REPLICA_SET = table(*_rows("deployment"))


def _update_strategy(place: Place) -> Causes:
    kind, rolling = place.at("type"), place.at("rollingUpdate")
    if kind.value not in {None, "RollingUpdate", "OnDelete"}:
        shown = {"Type": kind.value, "RollingUpdate": None}
        yield place.invalid("must be 'RollingUpdate' or 'OnDelete'", shown=shown)
    elif kind.value == "OnDelete" and rolling.value is not None:
        shown = {
            "Partition": rolling.value.get("partition"),
            "MaxUnavailable": rolling.value.get("maxUnavailable"),
        }
        yield rolling.invalid("only allowed for updateStrategy 'RollingUpdate'", shown=shown)


def _pod_management(place: Place) -> Causes:
    if place.value not in {None, "OrderedReady", "Parallel"}:
        yield place.invalid("must be 'OrderedReady' or 'Parallel'")


STATEFUL_SET = table(
    *_rows("statefulset"),
    row("spec.podManagementPolicy", _pod_management),
    row("spec.updateStrategy", _update_strategy),
    row("spec.updateStrategy.rollingUpdate.partition", at_least(0)),
    row("spec.serviceName", text_of(formats.dns_label)),
    row("spec.volumeClaimTemplates[*].spec", CLAIM_SPEC),
)


def _daemon_strategy(place: Place) -> Causes:
    kind, rolling = place.at("type"), place.at("rollingUpdate")
    if kind.value not in {None, "RollingUpdate", "OnDelete"}:
        yield place.unsupported(
            ("RollingUpdate", "OnDelete"), shown={"Type": kind.value, "RollingUpdate": None}
        )
    elif rolling.value is not None:
        surge, missing = rolling.at("maxSurge"), rolling.at("maxUnavailable")
        if _is_none(rolling, "maxSurge") and _is_none(rolling, "maxUnavailable"):
            yield missing.required("cannot be 0 when maxSurge is 0")
        elif surge.value not in {None, 0, "0%"} and missing.value not in {None, 0, "0%"}:
            yield surge.invalid("may not be set when maxUnavailable is non-zero")


DAEMON_SET = table(
    *_rows("daemonset"),
    row("spec.updateStrategy", _daemon_strategy),
    row("spec.updateStrategy.rollingUpdate.maxUnavailable", whole_number_or_percent, at_most_all),
    row("spec.updateStrategy.rollingUpdate.maxSurge", whole_number_or_percent, at_most_all),
)
