"""Roles and targets, which actions and lifecycle hooks share: who is allowed, and what is called.

Invariant: the only endpoint kind is the deployment's own ingress.

Source: docs/contract/chart-extensions.md, "Action documents".
"""

from __future__ import annotations

from enum import StrEnum

from platz.charts.reading.codecs import TEXT, choice_of
from platz.charts.reading.document_objects import DocumentObject
from platz.charts.reading.members import required


class Role(StrEnum):
    """The role that is needed: owners only, or maintainers too."""

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


ROLE = choice_of(Role, name="DeploymentRole")
ENDPOINT = choice_of(Endpoint, name="ChartExtActionEndpoint")


class Target(DocumentObject, name="ChartExtActionTarget"):
    """One request to the deployment."""

    endpoint: Endpoint = required(ENDPOINT)
    path: str = required(TEXT)
    method: Method = required(choice_of(Method, name="ChartExtActionMethod"))
