"""The right that a refusal of an API server ("forbidden") names.

Source: Kubernetes, the message of `apiserver/pkg/endpoints/handlers/responsewriters`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFUSAL = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[\w./-]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)"| at the cluster scope)'
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What the server did not let ``user`` do; ``namespace`` is None at the cluster scope."""

    user: str
    verb: str
    resource: str
    group: str
    namespace: str | None

    @property
    def right(self) -> str:
        """The missing right in words."""
        of_group = f" of API group {self.group}" if self.group else ""
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {self.resource}{of_group} {where}"

    def sentence(self, cluster: str) -> str:
        """Return what the cluster refused, and what to do about it."""
        return (
            f"Cluster {cluster} does not let Platz (its user {self.user}) {self.right}."
            " Give it this right; docs/operating.md lists those that Platz needs."
        )


def refusal_in(text: str) -> Refusal | None:
    """Return the first refusal that a message of Kubernetes or Helm tells, or None."""
    found = _REFUSAL.search(text)
    if found is None:
        return None
    return Refusal(
        user=found["user"],
        verb=found["verb"],
        resource=found["resource"],
        group=found["group"],
        namespace=found["namespace"],
    )
