"""The kinds of object that Platz reads or writes, and their paths on the API server.

Source: Kubernetes API concepts, "Resource URIs".
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """A kind of object that the API server serves."""

    kind: str
    api_version: str
    plural: str
    namespaced: bool = True

    def path(self, *, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of the object ``name``, or of the collection; without a namespace, of all namespaces."""
        root = "/api/" if "/" not in self.api_version else "/apis/"
        parts = [root + self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        return "/".join(parts)


NAMESPACE = ResourceKind(kind="Namespace", api_version="v1", plural="namespaces", namespaced=False)
POD = ResourceKind(kind="Pod", api_version="v1", plural="pods")
EVENT = ResourceKind(kind="Event", api_version="v1", plural="events")
SECRET = ResourceKind(kind="Secret", api_version="v1", plural="secrets")
DEPLOYMENT = ResourceKind(kind="Deployment", api_version="apps/v1", plural="deployments")
STATEFUL_SET = ResourceKind(kind="StatefulSet", api_version="apps/v1", plural="statefulsets")
DAEMON_SET = ResourceKind(kind="DaemonSet", api_version="apps/v1", plural="daemonsets")
CRON_JOB = ResourceKind(kind="CronJob", api_version="batch/v1", plural="cronjobs")
INGRESS = ResourceKind(kind="Ingress", api_version="networking.k8s.io/v1", plural="ingresses")
JOB = ResourceKind(kind="Job", api_version="batch/v1", plural="jobs")
ACCESS_REVIEW = ResourceKind(
    kind="SelfSubjectAccessReview",
    api_version="authorization.k8s.io/v1",
    plural="selfsubjectaccessreviews",
    namespaced=False,
)
