"""The shapes of documents: which fields a kind has, of which type, and how its lists merge.

Invariant: one `Shape` serves validation, strategic merge patches, server-side apply and OpenAPI, for built-in
kinds (`types.json`, written by `shapes_build`) and for custom resources.
Source of the merge rules: the markers `patchStrategy`, `patchMergeKey`, `listType`, `listMapKey` and `mapType` that
the Kubernetes API reference publishes as `x-kubernetes-*`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, is_object, part
from platz_sandbox.kubernetes.objects.served_kinds import Kind


class Form(Enum):
    """The JSON forms that merge differently."""

    OBJECT = "object"
    MAP = "map"
    LIST = "list"
    SCALAR = "scalar"


@dataclass(frozen=True, kw_only=True)
class Merge:
    """The merge rule of one field.

    ``keys``: the list is a map by these keys in server-side apply. ``unique``: the list is a set there.
    ``patch_key``: the list merges by this key in a strategic patch; ``patch_values``: it merges as a set.
    ``retain_keys``: a strategic patch names the only keys to keep. ``atomic``: the map is one value in apply.
    """

    keys: tuple[str, ...] = ()
    unique: bool = False
    patch_key: str = ""
    patch_values: bool = False
    retain_keys: bool = False
    atomic: bool = False


def _by(*keys: str, patch: str | None = None, retain: bool = False) -> Merge:
    return Merge(keys=keys, patch_key=keys[0] if patch is None else patch, retain_keys=retain)


_PLAIN = Merge()
_SET = Merge(unique=True, patch_values=True)
_ATOMIC = Merge(atomic=True)

_FIELD_MERGES: Mapping[tuple[str, str], Merge] = {
    ("V1ObjectMeta", "finalizers"): _SET,
    ("V1ObjectMeta", "ownerReferences"): _by("uid"),
    ("V1PodSpec", "containers"): _by("name"),
    ("V1PodSpec", "initContainers"): _by("name"),
    ("V1PodSpec", "ephemeralContainers"): _by("name"),
    ("V1PodSpec", "volumes"): _by("name", retain=True),
    ("V1PodSpec", "imagePullSecrets"): _by("name"),
    ("V1PodSpec", "hostAliases"): _by("ip"),
    ("V1PodSpec", "topologySpreadConstraints"): _by("topologyKey", "whenUnsatisfiable"),
    ("V1PodSpec", "schedulingGates"): _by("name"),
    ("V1PodSpec", "resourceClaims"): _by("name", retain=True),
    ("V1PodSpec", "nodeSelector"): _ATOMIC,
    ("V1Container", "env"): _by("name"),
    ("V1Container", "ports"): _by("containerPort", "protocol"),
    ("V1Container", "volumeMounts"): _by("mountPath"),
    ("V1Container", "volumeDevices"): _by("devicePath"),
    ("V1EphemeralContainer", "env"): _by("name"),
    ("V1EphemeralContainer", "ports"): _by("containerPort", "protocol"),
    ("V1EphemeralContainer", "volumeMounts"): _by("mountPath"),
    ("V1EphemeralContainer", "volumeDevices"): _by("devicePath"),
    ("V1ResourceRequirements", "claims"): _by("name", patch=""),
    ("V1PodStatus", "conditions"): _by("type"),
    ("V1PodStatus", "podIPs"): _by("ip"),
    ("V1DeploymentSpec", "strategy"): Merge(retain_keys=True),
    ("V1DeploymentStatus", "conditions"): _by("type"),
    ("V1ReplicaSetStatus", "conditions"): _by("type"),
    ("V1StatefulSetStatus", "conditions"): _by("type"),
    ("V1DaemonSetStatus", "conditions"): _by("type"),
    ("V1ReplicationControllerStatus", "conditions"): _by("type"),
    ("V1ReplicationControllerSpec", "selector"): _ATOMIC,
    ("V1JobStatus", "conditions"): Merge(patch_key="type"),
    ("V1NamespaceStatus", "conditions"): _by("type"),
    ("V1NodeStatus", "conditions"): _by("type"),
    ("V1NodeStatus", "addresses"): _by("type"),
    ("V1NodeSpec", "podCIDRs"): _SET,
    ("V1PersistentVolumeClaimStatus", "conditions"): _by("type"),
    ("V1PodDisruptionBudgetStatus", "conditions"): _by("type"),
    ("V2HorizontalPodAutoscalerStatus", "conditions"): _by("type", patch=""),
    ("V1ServiceSpec", "ports"): _by("port", "protocol"),
    ("V1ServiceSpec", "selector"): _ATOMIC,
    ("V1ServiceStatus", "conditions"): _by("type"),
    ("V1ServiceAccount", "secrets"): _by("name"),
    ("V1CustomResourceDefinitionStatus", "conditions"): _by("type", patch=""),
    ("V1EndpointSlice", "endpoints"): _PLAIN,
    ("V1MutatingWebhookConfiguration", "webhooks"): _by("name"),
    ("V1ValidatingWebhookConfiguration", "webhooks"): _by("name"),
}

_ATOMIC_TYPES = frozenset({
    "V1LabelSelector", "V1NodeSelector", "V1NodeSelectorTerm", "V1ObjectReference", "V1LocalObjectReference",
    "V1ConfigMapKeySelector", "V1SecretKeySelector", "V1ObjectFieldSelector", "V1ResourceFieldSelector",
    "V1TypedLocalObjectReference", "V1ScopeSelector", "V1SecretReference", "V1ServiceBackendPort", "RbacV1Subject",
    "V1RoleRef", "V1TopologySelectorTerm",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The shape of one place in a document."""

    form: Form
    scalar: str = "any"
    type_name: str = ""
    inline: Mapping[str, Shape] | None = None
    items: Shape | None = None
    merge: Merge = _PLAIN
    required: bool = False
    open: bool = False

    @property
    def fields(self) -> Mapping[str, Shape]:
        """The fields of an object; empty for every other form."""
        if self.inline is not None:
            return self.inline
        return _type_fields(self.type_name) if self.type_name else {}

    def child(self, key: str) -> Shape:
        """Return the shape of an object's field or a map's value; an unknown field is open."""
        if self.form is Form.MAP:
            return self.items or ANY
        return self.fields.get(key, ANY)

    @property
    def element(self) -> Shape:
        """The shape of a list's elements."""
        return self.items or ANY


ANY = Shape(form=Form.SCALAR, open=True)


@functools.cache
def _types() -> Mapping[str, Mapping[str, str]]:
    return orjson.loads(Path(__file__).with_name("types.json").read_bytes())


@functools.cache
def _type_fields(type_name: str) -> Mapping[str, Shape]:
    return {
        name: replace(
            _referenced(ref.lstrip("!"), _FIELD_MERGES.get((type_name, name), _PLAIN)), required=ref[0] == "!"
        )
        for name, ref in _types()[type_name].items()
    }


def _referenced(reference: str, merge: Merge = _PLAIN) -> Shape:
    if reference.startswith("["):
        return Shape(form=Form.LIST, items=_referenced(reference[1:-1]), merge=merge)
    if reference.startswith("{"):
        return Shape(form=Form.MAP, items=_referenced(reference[1:-1]), merge=merge)
    if reference in _types():
        rule = replace(merge, atomic=True) if reference in _ATOMIC_TYPES else merge
        return Shape(form=Form.OBJECT, type_name=reference, merge=rule)
    if reference == "any":
        return ANY
    return Shape(form=Form.SCALAR, scalar=reference)


@functools.cache
def named_shape(type_name: str) -> Shape:
    """Return the shape of a built-in type such as `V1DeleteOptions`."""
    return _referenced(type_name)


def shape_of(kind: Kind) -> Shape:
    """Return the shape of a kind's documents."""
    if kind.custom_schema is None:
        return named_shape(kind.schema)
    custom = _custom(kind.custom_schema)
    base = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": named_shape("V1ObjectMeta")}
    return replace(custom, form=Form.OBJECT, inline={**(custom.inline or {}), **base})


def type_names() -> Mapping[str, Mapping[str, str]]:
    """Return the table of built-in types: `{TYPE: {FIELD: REFERENCE}}`."""
    return _types()


def merge_of(type_name: str, field: str) -> Merge:
    """Return the merge rule of a built-in type's field."""
    return _FIELD_MERGES.get((type_name, field), _PLAIN)


_TEXT = Shape(form=Form.SCALAR, scalar="string")
_CUSTOM_SCALARS = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


def _custom(schema: KubeObject) -> Shape:
    """Return the shape of a CustomResourceDefinition's structural schema."""
    atomic = Merge(atomic=schema.get("x-kubernetes-map-type") == "atomic")
    if dig(schema, "x-kubernetes-int-or-string"):
        return Shape(form=Form.SCALAR, scalar="int-or-string")
    match schema.get("type"):
        case "array":
            return Shape(form=Form.LIST, items=_custom(part(schema, "items")), merge=_custom_list(schema))
        case "object" if is_object(values := schema.get("additionalProperties")) and values:
            return Shape(form=Form.MAP, items=_custom(values), merge=atomic)
        case "object":
            return _custom_object(schema, atomic)
        case scalar:
            return replace(ANY, scalar=_CUSTOM_SCALARS.get(str(scalar), "any"))


def _custom_object(schema: KubeObject, merge: Merge) -> Shape:
    required: list[str] = schema.get("required") or []
    properties = part(schema, "properties")
    fields = {name: replace(_custom(inner), required=name in required) for name, inner in properties.items()}
    kept = bool(schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties"))
    return Shape(form=Form.OBJECT, inline=fields, merge=merge, open=kept or not properties)


def _custom_list(schema: KubeObject) -> Merge:
    match schema.get("x-kubernetes-list-type"):
        case "map":
            return Merge(keys=tuple(schema.get("x-kubernetes-list-map-keys") or ()))
        case "set":
            return Merge(unique=True)
        case _:
            return _PLAIN
