"""The rules for the names of deployments and kinds.

Invariant: an accepted name ends up in a Kubernetes namespace, in DNS names and in command lines, so only a DNS label
(for a kind, in upper or lower case) is accepted. This is a security boundary.

Source: docs/contract/http-api.md, "Deployment kinds", "Deployments".
"""

from __future__ import annotations

from platz.charts.documents.derived_names import DNS_LABEL, MAX_NAMESPACE_LENGTH, namespace_name
from platz.charts.documents.features import Cardinality
from platz.errors import Conflict, Rejected


def check_cardinality(cardinality: Cardinality, name: str) -> None:
    """Raise Rejected for a missing name, Conflict for a name if the chart allows only one deployment per cluster."""
    if cardinality is Cardinality.MANY and not name:
        raise Rejected("Missing name field", field="name")
    if cardinality is Cardinality.ONE_PER_CLUSTER and name:
        raise Conflict("This is a one per cluster deployment, therefore is cannot be assigned a name")


def check_kind_name(kind_name: str) -> None:
    """Raise Rejected if the kind's name can't be part of a namespace's name."""
    if not kind_name.strip():
        raise Rejected("The name must not be empty", field="name")
    if not DNS_LABEL.fullmatch(kind_name.lower()) or len(kind_name) > MAX_NAMESPACE_LENGTH:
        raise Rejected(
            f"The name may hold at most {MAX_NAMESPACE_LENGTH} letters, digits and dashes, and must start and end"
            " with a letter or digit, because the namespaces of its deployments are named after it",
            field="name",
        )


def check_name(kind_name: str, name: str) -> str:
    """Return the namespace of a deployment with this name.

    Raises Rejected if the name is invalid or the namespace too long, Conflict if the kind's name is the problem.
    """
    if name and not DNS_LABEL.fullmatch(name):
        raise Rejected(
            "The name may hold lower-case letters, digits and dashes, and must start and end with a letter or digit",
            field="name",
        )
    namespace = namespace_name(kind_name, name)
    if not DNS_LABEL.fullmatch(namespace):
        raise Conflict(
            f"Deployments of kind {kind_name} can't have a namespace: ask a site admin to rename the kind so that it"
            " holds letters, digits and dashes only"
        )
    if len(namespace) > MAX_NAMESPACE_LENGTH:
        raise Rejected(
            f"The namespace {namespace} would have {len(namespace)} characters, and {MAX_NAMESPACE_LENGTH} are allowed:"
            " choose a shorter name",
            field="name",
        )
    return namespace
