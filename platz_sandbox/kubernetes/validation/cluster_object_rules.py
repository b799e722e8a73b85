"""The rules of smaller kinds: namespaces, classes, leases, priorities, ranges, requests for certificates.

Source: Kubernetes API reference, each kind's page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import at_least, between, one_of, required, text_of
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.pod_rules import pod_template
from platz_sandbox.kubernetes.validation.tables import row, table

_SECURITY_PREFIX = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")
_HIGHEST_PRIORITY = 1_000_000_000
_SYSTEM: Mapping[str, int] = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}


def _security_levels(place: Place) -> Causes:
    for mode in ("enforce", "audit", "warn"):
        label = place.key(_SECURITY_PREFIX + mode)
        if label.value not in {None, *_LEVELS}:
            yield label.invalid(f"must be one of {', '.join(_LEVELS)}")


NAMESPACE = table(row("metadata.labels", _security_levels))


def _priority(place: Place) -> Causes:
    name, value = place.at("metadata", "name"), place.at("value")
    if str(name.value).startswith("system-"):
        if _SYSTEM.get(name.value) != value.value:
            told = "priority class names with 'system-' prefix are reserved for system use only. error:"
            yield name.forbidden(f"{told} {name.value} is not a known system priority class")
    elif (value.value or 0) > _HIGHEST_PRIORITY:
        yield value.forbidden(f"maximum allowed value of a user defined priority is {_HIGHEST_PRIORITY}")


PRIORITY_CLASS = table(row("", _priority), row("preemptionPolicy", one_of("PreemptLowerPriority", "Never")))


def _parameters(place: Place) -> Causes:
    if "" in place.fields:
        yield place.invalid("field can not be empty.", shown="")


STORAGE_CLASS = table(
    row("provisioner", required, text_of(formats.lower_case_qualified_name)),
    row("parameters", _parameters),
    row("reclaimPolicy", one_of("Delete", "Retain")),
    row("volumeBindingMode", one_of("Immediate", "WaitForFirstConsumer")),
)
LEASE = table(
    row("spec.leaseDurationSeconds", at_least(1, "must be greater than 0")),
    row("spec.leaseTransitions", at_least(0)),
)
ATTRIBUTES_CLASS = table(row("driverName", required))
RUNTIME_CLASS = table(row("handler", required, text_of(formats.dns_label)))
POD_TEMPLATE = table(row("template", pod_template))
_HIGHEST_PRECEDENCE = 10000
FLOW_SCHEMA = table(
    row(
        "spec.matchingPrecedence",
        between(0, _HIGHEST_PRECEDENCE, f"must be a number between 1 and {_HIGHEST_PRECEDENCE}"),
    ),
    row("spec.priorityLevelConfiguration.name", required),
)
PRIORITY_LEVEL = table(row("spec.type", required, one_of("Exempt", "Limited")))
SERVICE_RANGES = table(row("spec.cidrs", required), row("spec.cidrs[*]", text_of(formats.network)))


def _certificate_request(place: Place) -> Causes:
    try:
        text = base64.b64decode(place.value or "", validate=True)
    except (binascii.Error, ValueError):
        text = b""
    if b"BEGIN CERTIFICATE REQUEST" not in text:
        told = "PEM block type must be CERTIFICATE REQUEST"
        yield place.invalid(told, shown="")


SIGNING_REQUEST = table(
    row("spec.request", _certificate_request), row("spec.signerName", required), row("spec.usages", required)
)
