"""Names that are derived from other names: namespaces, hostnames, kinds and addresses.

Invariant: they are computed when needed and stored nowhere, so a renamed kind changes them.

Source: docs/contract/workers.md, "Names that recur", "Kind from a repository name", "Test vectors".
"""

from __future__ import annotations

import re

from platz.charts.documents.features import HostnameFormat

_DOTTED = re.compile(r"[A-Za-z]+\.[A-Za-z]", re.ASCII)
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
MAX_NAMESPACE_LENGTH = 53
"""The limit for a namespace: the release has the same name, for which Helm allows 53 characters (DNS labels: 63)."""

_CHART_SUFFIXES = ("chart", "charts")


def namespace_name(kind: str, deployment_name: str) -> str:
    """Return the namespace of a deployment, which is also the name of its Helm release."""
    return f"{kind.lower()}-{deployment_name}" if deployment_name else kind.lower()


def is_namespace_name(name: str) -> bool:
    """Return whether a namespace, and the Helm release in it, can have this name."""
    return DNS_LABEL.fullmatch(name) is not None and len(name) <= MAX_NAMESPACE_LENGTH


def ingress_hostname(kind: str, deployment_name: str, *, hostname_format: HostnameFormat, domain: str) -> str:
    """Return the hostname of a deployment under the cluster's ingress domain.

    In both formats, a deployment without a name uses its kind.

    Source: docs/contract/chart-extensions.md, "Meaning of the features".
    """
    by_name = hostname_format is HostnameFormat.NAME and deployment_name
    return f"{deployment_name if by_name else namespace_name(kind, deployment_name)}.{domain}"


def target_url(hostname: str, path: str) -> str:
    """Return the URL of a path that a chart names; leading slashes make no difference."""
    return f"https://{hostname}/{path.lstrip('/')}"


def kind_from_repository(repository: str) -> str:
    """Derive a deployment kind's name from the name of a chart repository.

    A repository that is just called ``chart`` or ``charts`` keeps that word, because a kind must have a name.

    Source: docs/contract/workers.md, "Kind from a repository name".
    """
    parts = repository.split("-")
    if len(parts) > 1 and parts[-1] in _CHART_SUFFIXES:
        parts.pop()
    return "".join(map(_capitalised, parts))


def _capitalised(part: str) -> str:
    if "/" in part:
        return "/".join(map(_capitalised, part.split("/")))
    if _DOTTED.match(part):
        return part
    if any(letter.isupper() for letter in part[1:]):
        if any(letter.islower() for letter in part):
            return part
        part = part.lower()
    return part[:1].upper() + part[1:]
