"""One ReplicaSet of a Deployment, as its control loop works with it.

Invariant: the numbers are those of the document that the generation was read from or last written as.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, annotation, number

REVISION = "deployment.kubernetes.io/revision"


@dataclass(kw_only=True)
class Generation:
    """One ReplicaSet of a Deployment, as the loop works with it."""

    document: KubeObject

    @property
    def replicas(self) -> int:
        """How many Pods it is told to have."""
        return number(self.document, "spec", "replicas")

    @property
    def pods(self) -> int:
        """How many Pods it has."""
        return number(self.document, "status", "replicas")

    @property
    def available(self) -> int:
        """How many of its Pods are available."""
        return number(self.document, "status", "availableReplicas")

    @property
    def revision(self) -> int:
        """The revision it stands for."""
        return int(annotation(self.document, REVISION) or 0)
