"""The table of the kinds that the clusters serve.

Invariant: discovery, OpenAPI, paths, storage and validation all derive from `BUILT_IN` and from the cluster's
CustomResourceDefinitions; nothing else decides which kinds are served.
Source: Kubernetes API reference (resources, short names, categories, subresources).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, objects, part

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One version of a kind: its place in the API, its names, subresources and schema."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    schema: str = ""
    custom_schema: KubeObject | None = field(default=None, compare=False)
    columns: tuple[KubeObject, ...] = field(default=(), compare=False)

    @property
    def singular(self) -> str:
        """The singular name, in lower case."""
        return self.kind.lower()

    @property
    def api_version(self) -> str:
        """Group and version, in the form of `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The key under which all versions of the kind are stored: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def list_kind(self) -> str:
        """The kind of a list of these objects."""
        return f"{self.kind}List"

    @property
    def has_status(self) -> bool:
        """Whether the status is written through its own subresource only."""
        return "status" in self.subresources


def _kinds(group: str, version: str, rows: Iterable[tuple[str, str, str, str, str]]) -> Iterator[Kind]:
    """Read rows of (kind, plural, short names and @categories, scope, subresources)."""
    for kind, plural, names, scope, subresources in rows:
        words = names.split()
        yield Kind(
            group=group,
            version=version,
            kind=kind,
            plural=plural,
            namespaced=scope == "namespace",
            short_names=tuple(word for word in words if not word.startswith("@")),
            categories=tuple(word[1:] for word in words if word.startswith("@")),
            subresources=tuple(subresources.split()),
            schema=_SCHEMAS.get((group, kind), f"{version[0].upper()}{version[1:]}{kind}"),
        )


_SCHEMAS = {("", "Event"): "CoreV1Event", ("resource.k8s.io", "ResourceClaim"): "ResourceV1ResourceClaim"}

BUILT_IN: tuple[Kind, ...] = (
    *_kinds("", "v1", (
        ("ConfigMap", "configmaps", "cm", "namespace", ""),
        ("Endpoints", "endpoints", "ep", "namespace", ""),
        ("Event", "events", "ev", "namespace", ""),
        ("LimitRange", "limitranges", "limits", "namespace", ""),
        ("Namespace", "namespaces", "ns", "cluster", "status finalize"),
        ("Node", "nodes", "no", "cluster", "status"),
        ("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "namespace", "status"),
        ("PersistentVolume", "persistentvolumes", "pv", "cluster", "status"),
        ("Pod", "pods", "po @all", "namespace", "status log eviction"),
        ("PodTemplate", "podtemplates", "", "namespace", ""),
        ("ReplicationController", "replicationcontrollers", "rc @all", "namespace", "status"),
        ("ResourceQuota", "resourcequotas", "quota", "namespace", "status"),
        ("Secret", "secrets", "", "namespace", ""),
        ("ServiceAccount", "serviceaccounts", "sa", "namespace", "token"),
        ("Service", "services", "svc @all", "namespace", "status"),
    )),
    *_kinds("apps", "v1", (
        ("ControllerRevision", "controllerrevisions", "", "namespace", ""),
        ("DaemonSet", "daemonsets", "ds @all", "namespace", "status"),
        ("Deployment", "deployments", "deploy @all", "namespace", "status scale"),
        ("ReplicaSet", "replicasets", "rs @all", "namespace", "status scale"),
        ("StatefulSet", "statefulsets", "sts @all", "namespace", "status scale"),
    )),
    *_kinds("batch", "v1", (
        ("CronJob", "cronjobs", "cj @all", "namespace", "status"),
        ("Job", "jobs", "@all", "namespace", "status"),
    )),
    *(
        kind
        for version in ("v2", "v1")
        for kind in _kinds("autoscaling", version, (
            ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa @all", "namespace", "status"),
        ))
    ),
    *_kinds("networking.k8s.io", "v1", (
        ("IngressClass", "ingressclasses", "", "cluster", ""),
        ("Ingress", "ingresses", "ing", "namespace", "status"),
        ("IPAddress", "ipaddresses", "ip", "cluster", ""),
        ("NetworkPolicy", "networkpolicies", "netpol", "namespace", ""),
        ("ServiceCIDR", "servicecidrs", "", "cluster", "status"),
    )),
    *_kinds("policy", "v1", (("PodDisruptionBudget", "poddisruptionbudgets", "pdb", "namespace", "status"),)),
    *_kinds("rbac.authorization.k8s.io", "v1", (
        ("ClusterRoleBinding", "clusterrolebindings", "", "cluster", ""),
        ("ClusterRole", "clusterroles", "", "cluster", ""),
        ("RoleBinding", "rolebindings", "", "namespace", ""),
        ("Role", "roles", "", "namespace", ""),
    )),
    *_kinds("storage.k8s.io", "v1", (
        ("CSIDriver", "csidrivers", "", "cluster", ""),
        ("CSINode", "csinodes", "", "cluster", ""),
        ("CSIStorageCapacity", "csistoragecapacities", "", "namespace", ""),
        ("StorageClass", "storageclasses", "sc", "cluster", ""),
        ("VolumeAttachment", "volumeattachments", "", "cluster", "status"),
        ("VolumeAttributesClass", "volumeattributesclasses", "vac", "cluster", ""),
    )),
    *_kinds("node.k8s.io", "v1", (("RuntimeClass", "runtimeclasses", "", "cluster", ""),)),
    *_kinds("resource.k8s.io", "v1", (
        ("DeviceClass", "deviceclasses", "", "cluster", ""),
        ("ResourceClaim", "resourceclaims", "", "namespace", "status"),
        ("ResourceClaimTemplate", "resourceclaimtemplates", "", "namespace", ""),
        ("ResourceSlice", "resourceslices", "", "cluster", ""),
    )),
    *_kinds("flowcontrol.apiserver.k8s.io", "v1", (
        ("FlowSchema", "flowschemas", "", "cluster", "status"),
        ("PriorityLevelConfiguration", "prioritylevelconfigurations", "", "cluster", "status"),
    )),
    *_kinds("certificates.k8s.io", "v1", (
        ("CertificateSigningRequest", "certificatesigningrequests", "csr", "cluster", "approval status"),
    )),
    *_kinds("apiregistration.k8s.io", "v1", (
        ("APIService", "apiservices", "@api-extensions", "cluster", "status"),
    )),
    *_kinds("scheduling.k8s.io", "v1", (("PriorityClass", "priorityclasses", "pc", "cluster", ""),)),
    *_kinds("coordination.k8s.io", "v1", (("Lease", "leases", "", "namespace", ""),)),
    *_kinds("discovery.k8s.io", "v1", (("EndpointSlice", "endpointslices", "", "namespace", ""),)),
    *_kinds("apiextensions.k8s.io", "v1", (
        ("CustomResourceDefinition", "customresourcedefinitions", "crd crds @api-extensions", "cluster", "status"),
    )),
    *_kinds("admissionregistration.k8s.io", "v1", (
        ("MutatingAdmissionPolicy", "mutatingadmissionpolicies", "@api-extensions", "cluster", ""),
        ("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", "@api-extensions", "cluster", ""),
        ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "@api-extensions", "cluster", ""),
        ("ValidatingAdmissionPolicy", "validatingadmissionpolicies", "@api-extensions", "cluster", "status"),
        ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "@api-extensions", "cluster", ""),
        ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "@api-extensions", "cluster", ""),
    )),
)  # fmt: skip

CUSTOM_RESOURCE_DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


def custom_kinds(definition: KubeObject) -> list[Kind]:
    """Return the kinds that a CustomResourceDefinition adds, one for each served version."""
    spec = definition["spec"]
    names = spec["names"]
    return [
        Kind(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            namespaced=spec.get("scope") == "Namespaced",
            short_names=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            subresources=("status",) if "status" in part(version, "subresources") else (),
            custom_schema=dig(version, "schema", "openAPIV3Schema") or {"type": "object"},
            columns=tuple(objects(version, "additionalPrinterColumns")),
        )
        for version in objects(spec, "versions")
        if version.get("served")
    ]


class Catalogue:
    """The kinds that one cluster serves at present."""

    def __init__(self) -> None:
        self._custom: dict[str, list[Kind]] = {}
        self._by_place: dict[tuple[str, str, str], Kind] = {}
        self._by_resource: dict[str, Kind] = {}
        self._index()

    def __iter__(self) -> Iterator[Kind]:
        """Yield every kind, the core group first."""
        return iter(self._by_place.values())

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """Return the kind served at that place of the API, or None."""
        return self._by_place.get((group, version, plural))

    def stored(self, resource: str) -> Kind:
        """Return the kind stored under a key such as `deployments.apps`; only served kinds are stored."""
        return self._by_resource[resource]

    def named(self, api_version: str, kind: str) -> Kind | None:
        """Return the kind that an object's `apiVersion` and `kind` name, or None."""
        return next((k for k in self if k.kind == kind and k.api_version == api_version), None)

    def groups(self) -> dict[str, dict[str, list[Kind]]]:
        """Return the kinds by group and version; the name of the core group is empty."""
        table: dict[str, dict[str, list[Kind]]] = {}
        for kind in self:
            table.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
        return table

    def define(self, definition: KubeObject) -> None:
        """Serve the kinds of a CustomResourceDefinition."""
        self._custom[definition["metadata"]["name"]] = custom_kinds(definition)
        self._index()

    def withdraw(self, name: str) -> list[Kind]:
        """Stop serving the kinds of a CustomResourceDefinition; return these kinds."""
        gone = self._custom.pop(name, [])
        self._index()
        return gone

    def _index(self) -> None:
        custom = [kind for kinds in self._custom.values() for kind in kinds]
        self._by_place = {(kind.group, kind.version, kind.plural): kind for kind in (*BUILT_IN, *custom)}
        self._by_resource = {**_BY_RESOURCE, **{kind.resource: kind for kind in custom}}


_BY_RESOURCE = {
    kind.resource: kind for kind in reversed(BUILT_IN)
}  # stored in the first version of each kind


def built_in(resource: str) -> Kind:
    """Return a built-in kind by its key, for the control loops."""
    return _BY_RESOURCE[resource]
