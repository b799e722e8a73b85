"""The host names of deployments' ingresses.

Source: docs/contract/workers.md, "Names that recur".
"""

from __future__ import annotations

from platz.charts.documents.derived_names import ingress_hostname
from platz.charts.documents.features import effective_features
from platz.errors import Conflict
from platz.json import JsonValue


def hostname_of(*, kind: str, name: str, domain: str | None, features: JsonValue) -> str:
    """Return the host name of a deployment's ingress; ``features`` is its chart's stored document, with the format.

    Raises `Conflict` if the cluster has no domain, `InvalidDocument` if the features can't be read.
    """
    if not domain:
        raise Conflict("The cluster has no ingress domain. Set one in the cluster's settings.")
    hostname_format = effective_features(features).hostname_format
    return ingress_hostname(kind, name, hostname_format=hostname_format, domain=domain)
