"""A generation: one ReplicaSet of a Deployment, as the Deployment's control loop uses it.

Invariant: its numbers are those of its document as last read or written.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, annotation, number

REVISION = "deployment.kubernetes.io/revision"


@dataclass(kw_only=True)
class Generation:
    """One ReplicaSet of a Deployment."""

    document: KubeObject

    @property
    def replicas(self) -> int:
        """How many Pods the ReplicaSet wants."""
        return number(self.document, "spec", "replicas")

    @property
    def pods(self) -> int:
        """How many Pods the ReplicaSet has."""
        return number(self.document, "status", "replicas")

    @property
    def available(self) -> int:
        """How many of its Pods are available."""
        return number(self.document, "status", "availableReplicas")

    @property
    def revision(self) -> int:
        """The Deployment's revision of this ReplicaSet."""
        return int(annotation(self.document, REVISION) or 0)
