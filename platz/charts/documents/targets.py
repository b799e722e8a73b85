"""What actions and lifecycle hooks have in common: whom they allow and what they call.

Invariant: the only endpoint kind is the deployment's own ingress (chart-extensions.md 8.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from platz.charts.reading.decoding import Fields
from platz.json import JsonObject


class Role(StrEnum):
    """Who may do it: owners only, or maintainers too."""

    OWNER = "Owner"
    MAINTAINER = "Maintainer"


class Endpoint(StrEnum):
    """Where requests go."""

    STANDARD_INGRESS = "standard_ingress"


class Method(StrEnum):
    """The HTTP method."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One request to the deployment."""

    endpoint: Endpoint
    path: str
    method: Method

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {"endpoint": self.endpoint.value, "path": self.path, "method": self.method.value}


def read_target(fields: Fields) -> Target:
    """Read the three mandatory keys of a target."""
    return Target(
        endpoint=fields.need("endpoint").choice(Endpoint),
        path=fields.need("path").text(),
        method=fields.need("method").choice(Method),
    )
